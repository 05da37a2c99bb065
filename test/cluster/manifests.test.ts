import { readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { goldens } from "../golden/goldens.ts";
import { scratchDir } from "../parts/scratch.ts";
import { API_SERVER_START_TIMEOUT_MS, type ApiServer, startApiServer } from "./apiServer.ts";

/** What weir writes, given to a real API server as users do: a folder to `kubectl apply`. */

const MANIFESTS = resolve(import.meta.dirname, "../../manifests");

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await server.stop();
});

/** Every field known, nothing warned about: pods that PodSecurity would refuse are a warning. */
async function apply(folder: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await server.kubectl([
    "apply",
    "--validate=strict",
    "--filename",
    folder,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trim().split("\n");
}

/**
 * What changed, by KIND/NAME and version of the object, when the same is applied again. kubectl
 * says of every PodDisruptionBudget that it was configured, since it always sends its selector: so
 * the objects are asked.
 */
async function changedByApplying(folder: string): Promise<readonly string[]> {
  const before = await versions(folder);
  const lines = await apply(folder);
  return [
    ...lines.filter((line) => !/ unchanged$|^poddisruptionbudget\S+ configured$/.test(line)),
    ...(await versions(folder)).filter((version) => !before.includes(version)),
  ];
}

async function versions(folder: string): Promise<readonly string[]> {
  const { stdout } = await server.kubectl([
    "get",
    "--filename",
    folder,
    '--output=jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
  ]);
  return stdout.trim().split("\n");
}

function notCreated(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.endsWith(" created"));
}

it("manifests/ is taken at the first try, and changes nothing at the second", async () => {
  const first = await apply(MANIFESTS);
  expect(first.length).toBeGreaterThan((await readdir(MANIFESTS)).length);
  expect(notCreated(first)).toEqual([]);
  expect(await versions(MANIFESTS)).toHaveLength(first.length);
  expect(await changedByApplying(MANIFESTS)).toEqual([]);
});

/** In namespaces of its own each, so that they do not meet. */
const GOLDENS = goldens((text, name) => text.replaceAll(/\b(?:writers|readers)\b/g, `${name}-$&`));

describe.each(GOLDENS)("the golden fleet $name", ({ name, files }) => {
  it("is taken at the first try, and changes nothing at the second", async () => {
    const folder = await scratchDir(name);
    for (const file of files) await writeFile(join(folder, file.name), file.text);
    expect(notCreated(await apply(folder))).toEqual([]);
    expect(await changedByApplying(folder)).toEqual([]);
  });
});
