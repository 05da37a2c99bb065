import { join } from "node:path";

import { connect } from "../../src/kube/client.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { atTheEnd } from "../processes/atTheEnd.ts";
import { runProcess } from "../processes/processes.ts";
import { scratchDir } from "../processes/scratch.ts";
import { type Kubectl, kubectlFor } from "./kubectl.ts";
import { makeMetrics } from "./machine/addons.ts";
import { metricsServerImage } from "./machine/images.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** A cluster of kind, in containers of docker. Its own network enforces NetworkPolicies (0.24). */
interface KindCluster {
  readonly kubeconfigPath: string;
  readonly kubectl: Kubectl;
  readonly loadImage: (archivePath: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const CONTEXT_PREFIX = "kind-";

/** The name of a cluster of kind by the context of its kubeconfig; undefined for another one's. */
export function kindNameOf(context: string): string | undefined {
  return context.startsWith(CONTEXT_PREFIX) ? context.slice(CONTEXT_PREFIX.length) : undefined;
}

/** Loads an archive of images into all nodes of a cluster of kind. */
export async function loadImageIntoKind(name: string, archivePath: string): Promise<void> {
  await runProcess({
    command: "kind",
    args: ["load", "image-archive", archivePath, "--name", name],
  });
}

/**
 * Starts a cluster of kind, and gives it metrics. It is deleted when this process is gone.
 *
 * @throws with kind's words, when it is missing or fails
 */
export async function startKind(): Promise<KindCluster> {
  const metricsServer = await metricsServerImage();
  const dir = await scratchDir("kind");
  const kubeconfigPath = join(dir, "kubeconfig");
  const name = `weir-${process.pid}`;
  const named = ["--name", name, "--kubeconfig", kubeconfigPath];
  const stop = atTheEnd("kind", "delete", "cluster", ...named);
  try {
    await runProcess({ command: "kind", args: ["create", "cluster", "--wait=180s", ...named] });
    await loadImageIntoKind(name, metricsServer.archivePath);
    const client = connect(loadKubeconfig({ KUBECONFIG: kubeconfigPath }), systemRuntime);
    await makeMetrics(client, metricsServer.name);
    await client.close();
    return {
      kubeconfigPath,
      kubectl: await kubectlFor(kubeconfigPath, dir),
      loadImage: (archivePath) => loadImageIntoKind(name, archivePath),
      stop,
    };
  } catch (cause) {
    await stop();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`docker runs, but kind gives no cluster: is it installed?\n${reason}`, {
      cause,
    });
  }
}
