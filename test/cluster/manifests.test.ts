import { readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { goldens } from "../golden/goldens.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { applied, changedByApplying, notCreated } from "./applying.ts";
import { CLUSTER_START_TIMEOUT_MS, startCluster, type Cluster } from "./cluster.ts";

/** What weir writes, given to a real API server as users do: a folder to `kubectl apply`. */

const MANIFESTS = resolve(import.meta.dirname, "../../manifests");

// Each starts many programs, on a machine that runs other tests too.
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
}, CLUSTER_START_TIMEOUT_MS);

afterAll(async () => {
  await cluster.stop();
});

it("manifests/ is taken at the first try, and changes nothing at the second", async () => {
  await cluster.claim("--filename", MANIFESTS);
  const lines = await applied(cluster, MANIFESTS);
  expect(lines.length).toBeGreaterThan((await readdir(MANIFESTS)).length);
  expect(notCreated(lines)).toEqual([]);
  expect(await changedByApplying(cluster, MANIFESTS)).toEqual([]);
});

/** In namespaces of its own each, so that they do not meet. */
const GOLDENS = goldens((text, name) => text.replaceAll(/\b(?:writers|readers)\b/g, `${name}-$&`));

describe.each(GOLDENS)("the golden fleet $name", ({ name, files }) => {
  it("is taken at the first try, and changes nothing at the second", async () => {
    const folder = await scratchDir(name);
    for (const file of files) await writeFile(join(folder, file.name), file.text);
    await cluster.claim("--filename", folder);
    expect(notCreated(await applied(cluster, folder))).toEqual([]);
    expect(await changedByApplying(cluster, folder)).toEqual([]);
  });
});
