import { setTimeout as sleep } from "node:timers/promises";

import type { Cluster } from "./cluster.ts";

/** Until controllers have said all they have to say of new objects: the last try counts. */
const TRIES_MAX = 20;
const TRY_INTERVAL_MS = 1000;

/**
 * Applies a file or folder as users do, with every field to be known.
 *
 * @returns what kubectl said of each object: `namespace/writing created`
 * @throws when it fails, or warns: of pods that PodSecurity would refuse, for example
 */
export async function applied({ kubectl }: Cluster, path: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await kubectl([
    "apply",
    "--validate=strict",
    "--filename",
    path,
  ]);
  if (code !== 0 || stderr !== "") throw new Error(`kubectl apply ended with ${code}: ${stderr}`);
  return stdout.trim().split("\n");
}

/** The objects that were there before, when all of them were to be made. */
export function notCreated(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.endsWith(" created"));
}

/**
 * What changes when the same is applied again: by KIND/NAME, and the object's new version.
 *
 * @throws as `applied` does, and when the objects can't be read
 */
export async function changedByApplying(
  cluster: Cluster,
  path: string,
): Promise<readonly string[]> {
  let changed = await changedOnce(cluster, path);
  if (!cluster.hasControllers) return changed;
  for (let tries = 1; changed.length > 0 && tries < TRIES_MAX; tries++) {
    await sleep(TRY_INTERVAL_MS);
    changed = await changedOnce(cluster, path);
  }
  return changed;
}

/**
 * kubectl says of every PodDisruptionBudget that it was configured, since it always sends its
 * selector, which its API replaces as a whole: so the objects are asked.
 */
async function changedOnce(cluster: Cluster, path: string): Promise<readonly string[]> {
  const before = await versions(cluster, path);
  const lines = await applied(cluster, path);
  const after = await versions(cluster, path);
  if (before.length !== lines.length) throw new Error(`${path}: not all objects were read`);
  return [
    ...lines.filter((line) => !/ unchanged$|^poddisruptionbudget\S+ configured$/.test(line)),
    ...after.filter((version) => !before.includes(version)),
  ];
}

async function versions({ kubectl }: Cluster, path: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await kubectl([
    "get",
    "--filename",
    path,
    '--output=jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
  ]);
  if (code !== 0) throw new Error(`kubectl get ended with ${code}: ${stderr}`);
  return stdout.trim().split("\n");
}
