import { stat } from "node:fs/promises";
import { parseArgs } from "node:util";

import { IMAGES } from "../test/images/catalog.ts";
import { imageArchive } from "../test/images/imageArchive.ts";
import { clusterAtHand, loadImage } from "../test/images/loadImage.ts";

const NO_CLUSTER =
  "images: for the cluster of npm run cluster, export the KUBECONFIG that it prints; kind's needs docker and kind on PATH; any other: npm run images -- --containerd SOCKET";

/**
 * Builds all images and loads them into the cluster at hand: `npm run images`. That is the one of
 * `npm run cluster` that KUBECONFIG names, else kind's, or with `--containerd SOCKET` the one whose
 * containerd listens there.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { containerd: { type: "string" } } });
  const target =
    values.containerd === undefined
      ? await clusterAtHand()
      : { containerdSocket: values.containerd };
  for (const { name, reference } of IMAGES) {
    const archive = await imageArchive(name);
    const { size } = await stat(archive);
    if (target !== undefined) await loadImage(name, target);
    process.stdout.write(`${reference}  ${Math.round(size / 1e6)} MB  ${archive}\n`);
  }
  process.stdout.write(`${whereTo(target)}\n`);
  if (target === undefined) process.stderr.write(`${NO_CLUSTER}\n`);
}

function whereTo(target: Awaited<ReturnType<typeof clusterAtHand>>): string {
  if (target === undefined) return "loaded into no cluster: there is none at hand";
  if ("kind" in target) return `loaded into the cluster ${target.kind} of kind`;
  return `loaded into the containerd at ${target.containerdSocket}`;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`images: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
