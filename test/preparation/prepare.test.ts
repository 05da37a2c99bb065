import { existsSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { cacheDir, cached, declarePrepared } from "../../tools/cache/cache.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { NEEDS, REAL_CLUSTER } from "./needs.ts";
import { bring, needsOf } from "./prepare.ts";
import { reachedModules } from "./reached.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** The binaries that a test file of this repository needs. */
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

  test("is nothing for the tests that stand beside their sources", async () => {
    const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => join(ROOT, "src", file));
    expect(files).toContain(join(ROOT, "src/budget/allocate.test.ts"));
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
  expect([...NEEDS.keys()].filter((module) => !existsSync(join(ROOT, module)))).toEqual([]);
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

test("what can't be brought is tried twice and told, and the rest is brought", async () => {
  const brought: string[] = [];
  const flaky = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error("once"));
  const problems = await bring([
    { bring: () => Promise.reject(new Error("no network: install it")) },
    { bring: flaky },
    { bring: async () => brought.push("second") },
    { bringFromBinaries: async () => brought.push("third") },
  ]);
  expect(problems).toEqual(["no network: install it"]);
  expect(flaky).toHaveBeenCalledTimes(2);
  expect(brought.toSorted()).toEqual(["second", "third"]);
});

describe("once all is brought, nothing is made within a test", () => {
  beforeEach(async () => {
    vi.stubEnv("WEIR_CACHE_PREPARED", "");
    vi.stubEnv("WEIR_CACHE_DIR", await scratchDir("cache"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test("what was asked for is there", async () => {
    const there = await cached({ name: "there", version: "1", make });
    declarePrepared([]);
    expect(await cached({ name: "there", version: "1", make })).toBe(there);
  });

  test("what nobody asked for is refused, there or not", async () => {
    await cached({ name: "there", version: "1", make });
    await mkdir(join(cacheDir(), "other-1"));
    declarePrepared([]);
    for (const name of ["late", "other"]) {
      await expect(cached({ name, version: "1", make })).rejects.toThrow(
        new RegExp(`^${name}-1: not brought before the tests began\\. .*needs\\.ts`),
      );
    }
  });

  test("what could not be brought is missed with the reason", async () => {
    const entry = { name: "gone", version: "1" };
    const failing = vi.fn<() => Promise<void>>().mockRejectedValue(new Error("no network"));
    await expect(cached({ ...entry, make: failing })).rejects.toThrow("no network");
    declarePrepared(["no network: install it"]);
    await expect(cached({ ...entry, make })).rejects.toThrow(
      /^gone-1: could not be brought .*\nno network: install it/,
    );
  });

  test("another cache has nothing to do with it", async () => {
    declarePrepared([]);
    vi.stubEnv("WEIR_CACHE_DIR", await scratchDir("another"));
    expect(existsSync(await cached({ name: "new", version: "1", make }))).toBe(true);
  });
});

function make(dir: string): Promise<void> {
  return writeFile(join(dir, "whole"), "");
}
