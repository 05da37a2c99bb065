import { existsSync } from "node:fs";
import { dirname } from "node:path";

import { pathsOf } from "../cluster/machine/paths.ts";
import { runProcess } from "../parts/processes.ts";
import type { ImageName } from "./catalog.ts";
import { docker, dockerAnswers } from "./docker.ts";
import { imageArchive } from "./imageArchive.ts";
import { loadImage as loadIntoContainerd } from "../cluster/machine/containerd.ts";
import { loadImageIntoKind } from "../cluster/kind.ts";

/** Where containers of a cluster find their images. */
export type ImageTarget =
  /** A cluster of kind, by its name. */
  | { readonly kind: string }
  /** The socket of a containerd that a kubelet uses. */
  | { readonly containerdSocket: string };

/**
 * Builds an image, or finds it in the cache, and loads it into a cluster.
 *
 * @throws with the loader's words
 */
export async function loadImage(name: ImageName, target: ImageTarget): Promise<void> {
  const archivePath = await imageArchive(name);
  if ("kind" in target) await loadImageIntoKind(target.kind, archivePath);
  else await loadIntoContainerd(target.containerdSocket, { archivePath });
}

/**
 * The cluster at hand: that of KUBECONFIG when `npm run cluster` runs it, else one of kind.
 *
 * @returns undefined when there is none
 * @throws when it can't be told which
 */
export async function clusterAtHand(): Promise<ImageTarget | undefined> {
  const { KUBECONFIG: kubeconfigPath = "" } = process.env;
  // Our own has it beside its kubeconfig.
  const { containerdSocket } = pathsOf(dirname(kubeconfigPath));
  return kubeconfigPath !== "" && existsSync(containerdSocket)
    ? { containerdSocket }
    : kindCluster();
}

/**
 * The cluster of kind at hand: the only one, or of several that of the current context.
 *
 * @returns undefined when there is none, or no kind
 * @throws when there are several and the current context is none of them
 */
async function kindCluster(): Promise<ImageTarget | undefined> {
  if (!(await dockerAnswers())) return undefined;
  const listed = await runProcess({ command: "kind", args: ["get", "clusters", "--quiet"] }).catch(
    () => "",
  );
  const names = listed.split("\n").filter((name) => name !== "");
  if (names.length <= 1) return names[0] === undefined ? undefined : { kind: names[0] };
  const context = await runProcess({ command: "kubectl", args: ["config", "current-context"] });
  const current = names.find((name) => `kind-${name}` === context.trim());
  if (current !== undefined) return { kind: current };
  throw new Error(
    `kind has the clusters ${names.join(", ")}, and the current context is ${context.trim()}: kubectl config use-context kind-NAME`,
  );
}

/** Makes an image known to Docker, also one whose archive was built earlier. */
export async function loadIntoDocker(name: ImageName): Promise<void> {
  await docker("load", "--quiet", "--input", await imageArchive(name));
}
