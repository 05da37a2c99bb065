import { access } from "node:fs/promises";
import { dirname } from "node:path";

import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { kindNameOf, loadImageIntoKind } from "./kind.ts";
import { loadImage } from "./machine/containerd.ts";
import { pathsOf } from "./machine/paths.ts";

/** Where containers of a cluster find their images. */
export type ImageTarget =
  /** A cluster of kind, by its name. */
  | { readonly kind: string }
  /** The socket of a containerd that a kubelet uses. */
  | { readonly containerdSocket: string };

/**
 * Where the cluster that kubectl talks to takes images which no registry has: that of
 * `npm run cluster` at its containerd, which is beside its kubeconfig; kind's by the name that is in
 * its context.
 *
 * @returns undefined for any other cluster
 * @throws KubeError when no kubeconfig can be read
 */
export async function imageTargetOf(
  env: Readonly<Record<string, string | undefined>>,
): Promise<ImageTarget | undefined> {
  const { KUBECONFIG: kubeconfigPath = "" } = env;
  const { containerdSocket } = pathsOf(dirname(kubeconfigPath));
  if (kubeconfigPath !== "" && (await isThere(containerdSocket))) return { containerdSocket };
  const kind = kindNameOf(loadKubeconfig(env).currentContext);
  return kind === undefined ? undefined : { kind };
}

/**
 * Loads an archive of images.
 *
 * @throws with the loader's words
 */
export async function loadArchive(target: ImageTarget, archivePath: string): Promise<void> {
  if ("kind" in target) await loadImageIntoKind(target.kind, archivePath);
  else await loadImage(target.containerdSocket, { archivePath });
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
