import { stat } from "node:fs/promises";
import { parseArgs } from "node:util";

import { KubeError } from "../../src/kube/refusal.ts";
import { imageTargetOf, loadArchive, type ImageTarget } from "../cluster/imageTarget.ts";
import { IMAGES } from "./catalog.ts";
import { imageArchive } from "./imageArchive.ts";

const NO_CLUSTER =
  "images: for the cluster of npm run cluster, export the KUBECONFIG that it prints; for kind's, kubectl config use-context kind-NAME; any other: npm run images -- --containerd SOCKET";

/**
 * Builds all images and loads them into the cluster that kubectl talks to: `npm run images`. It is
 * of `npm run cluster` or kind's; with `--containerd SOCKET` it is the one whose containerd listens
 * there.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { containerd: { type: "string" } } });
  const target =
    values.containerd === undefined
      ? await targetAtHand()
      : { containerdSocket: values.containerd };
  for (const { name, reference } of IMAGES) {
    const archive = await imageArchive(name);
    const { size } = await stat(archive);
    if (target !== undefined) await loadArchive(target, archive);
    process.stdout.write(`${reference}  ${Math.round(size / 1e6)} MB  ${archive}\n`);
  }
  process.stdout.write(`${whereTo(target)}\n`);
  if (target === undefined) process.stderr.write(`${NO_CLUSTER}\n`);
}

/** Undefined where nobody says which cluster it is, or it takes images from registries alone. */
async function targetAtHand(): Promise<ImageTarget | undefined> {
  return imageTargetOf(process.env).catch((error: unknown) => {
    const { KUBECONFIG = "" } = process.env;
    if (error instanceof KubeError && KUBECONFIG === "") return undefined;
    throw error;
  });
}

function whereTo(target: ImageTarget | undefined): string {
  if (target === undefined) return "loaded into no cluster: none that takes them is at hand";
  if ("kind" in target) return `loaded into the cluster ${target.kind} of kind`;
  return `loaded into the containerd at ${target.containerdSocket}`;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`images: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
