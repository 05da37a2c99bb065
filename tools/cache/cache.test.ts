import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { cacheDir, cached } from "./cache.ts";
import { scratchDir } from "../processes/scratch.ts";
import { nextOutput, startScript } from "../../test/parts/script.ts";

let dir: string;

beforeEach(async () => {
  dir = await scratchDir("cache");
  vi.stubEnv("WEIR_CACHE_DIR", dir);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test("three processes that want the same entry at once make it once", async () => {
  const code = `
    import { appendFile, writeFile } from "node:fs/promises";
    import { setTimeout } from "node:timers/promises";
    import { cached } from "./tools/cache/cache.ts";
    const entry = await cached({ name: "slow", version: "1", make: async (dir) => {
      await appendFile(process.env.WEIR_CACHE_DIR + "/makers", process.pid + " ");
      await setTimeout(500);
      await writeFile(dir + "/content", "whole");
    } });
    console.log(entry);
  `;
  const entries = await Promise.all([1, 2, 3].map(() => nextOutput(startScript(code))));

  expect(new Set(entries)).toEqual(new Set([join(dir, "slow-1")]));
  expect(await readFile(join(dir, "slow-1", "content"), "utf8")).toBe("whole");
  expect((await readFile(join(dir, "makers"), "utf8")).trim().split(" ")).toHaveLength(1);
});

test("an entry whose maker was killed half way is made again by the next", async () => {
  const maker = startScript(`
    import { writeFile } from "node:fs/promises";
    import { cached } from "./tools/cache/cache.ts";
    await cached({ name: "killed", version: "1", make: async (dir) => {
      await writeFile(dir + "/half", "");
      console.log("half way");
      await new Promise((resolve) => setTimeout(resolve, 1_000_000));
    } });
  `);
  expect(await nextOutput(maker)).toBe("half way");
  maker.kill("SIGKILL");
  await once(maker, "exit");

  const entry = await cached({ name: "killed", version: "1", make: makeWhole });

  expect(await readdir(entry)).toEqual(["whole"]);
});

test("an entry that could not be made stays absent, and can be made later", async () => {
  const failing = { name: "late", version: "1", make: () => Promise.reject(new Error("no luck")) };
  await expect(cached(failing)).rejects.toThrow("no luck");
  expect(await readdir(dir)).toEqual(["late-1.lock"]);

  expect(await readdir(await cached({ ...failing, make: makeWhole }))).toEqual(["whole"]);
});

test("another version is another entry", async () => {
  const first = await cached({ name: "it", version: "1.0 (Debian 1.0-1)", make: makeWhole });
  const second = await cached({ name: "it", version: "1.1", make: makeWhole });

  expect(first).not.toBe(second);
});

test("the folder is where the environment says", () => {
  vi.stubEnv("XDG_CACHE_HOME", "/somewhere");
  expect(cacheDir()).toBe(dir);
  vi.stubEnv("WEIR_CACHE_DIR", undefined);
  expect(cacheDir()).toBe("/somewhere/weir");
});

async function makeWhole(into: string): Promise<void> {
  await writeFile(join(into, "whole"), "");
}
