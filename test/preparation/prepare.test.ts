import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { cached, declarePrepared } from "../parts/cache.ts";
import { scratchDir } from "../parts/scratch.ts";
import { NEEDS, REAL_CLUSTER } from "./needs.ts";
import { bring, needsOf } from "./prepare.ts";
import { reachedModules } from "./reached.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** The binaries that a test file of this repository needs, and how much else. */
async function neededBy(file: string): Promise<readonly string[]> {
  const needs = await needsOf([join(ROOT, file)], ROOT);
  return [...new Set(needs.flatMap(({ binaries = [] }) => binaries))].toSorted();
}

describe("what a file needs", () => {
  beforeEach(() => {
    vi.stubEnv("KUBEBUILDER_ASSETS", "");
    vi.stubEnv("USE_EXISTING_CLUSTER", "true");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test("is what the modules need that it imports, directly or not", async () => {
    expect(await neededBy("test/kube/lease.test.ts")).toEqual([
      "etcd",
      "kube-apiserver",
      "kube-controller-manager",
      "kubectl",
    ]);
    expect(await neededBy("test/compose/loader.test.ts")).toEqual(["compose-loader"]);
  });

  test("is nothing for a test that stands beside its source", async () => {
    const files = [...reachedModules([join(ROOT, "src/budget/allocate.test.ts")])];
    expect(files).toContain(join(ROOT, "src/budget/allocate.ts"));
    expect(await needsOf(files, ROOT)).toEqual([]);
  });

  test("is nothing for what only knows of the needs", async () => {
    expect(await needsOf([import.meta.filename], ROOT)).toEqual([]);
  });

  test("of a cluster, only for the kind that is used here", async () => {
    const binaries = await neededBy(REAL_CLUSTER);
    expect(binaries).toEqual(["kubectl"]);
  });
});

test("each module with a need is there", () => {
  const modules = [...NEEDS.keys(), REAL_CLUSTER];
  expect(modules.filter((module) => !existsSync(join(ROOT, module)))).toEqual([]);
});

test("an import of types alone leads nowhere, all others do", async () => {
  const dir = await scratchDir("imports");
  const write = (name: string, text = "") => writeFile(join(dir, name), text);
  await mkdir(join(dir, "below"));
  await write(
    "a.test.ts",
    `import type { Left } from "./left.ts";
import { one,
  two } from "./b.ts";
import "./effect.ts";
export * from "./below/c.ts";
const lazy = await import("./lazy.ts");
import { join } from "node:path";`,
  );
  await write("b.ts", 'import { back } from "./a.test.ts";\nimport gone from "./gone.ts";');
  for (const name of ["left.ts", "effect.ts", "lazy.ts", "behind.ts"]) await write(name);
  await write("below/c.ts", 'export { d } from "../behind.ts";');
  const names = (files: ReadonlySet<string>) =>
    [...files].map((file) => file.slice(dir.length + 1)).toSorted();

  const all = reachedModules([join(dir, "a.test.ts")]);
  expect(names(all)).toEqual([
    "a.test.ts",
    "b.ts",
    "behind.ts",
    "below/c.ts",
    "effect.ts",
    "lazy.ts",
  ]);
  const end = join(dir, "below/c.ts");
  expect(names(reachedModules([join(dir, "a.test.ts")], (file) => file === end))).not.toContain(
    "behind.ts",
  );
});

test("what can't be brought is told, and the rest is brought", async () => {
  const brought: string[] = [];
  const problems = await bring([
    { bring: () => Promise.reject(new Error("no network: install it")) },
    { bring: async () => brought.push("second") },
    { bringFromBinaries: async () => brought.push("third") },
  ]);
  expect(problems).toEqual(["no network: install it"]);
  expect(brought.toSorted()).toEqual(["second", "third"]);
});

test("once all is prepared, what is missing is not made within a test, which says so", async () => {
  vi.stubEnv("WEIR_CACHE_PREPARED", "");
  vi.stubEnv("WEIR_CACHE_DIR", await scratchDir("cache"));
  const there = await cached({ name: "there", version: "1", make });
  declarePrepared();

  expect(await cached({ name: "there", version: "1", make })).toBe(there);
  await expect(cached({ name: "late", version: "1", make })).rejects.toThrow(
    /^late-1 should have been made before the tests began: .*needs\.ts/,
  );
  vi.unstubAllEnvs();
});

function make(dir: string): Promise<void> {
  return writeFile(join(dir, "whole"), "");
}
