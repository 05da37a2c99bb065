import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, it } from "vitest";

import { weir } from "../fleets/fakeShell.ts";
import { scratchDir } from "../parts/scratch.ts";
import { readCompose } from "./written.ts";

const EXAMPLE = "examples/writing-servers/fleet.yaml";

/** How often it is killed, from half the time of a whole run to a little more than it. */
const ROUNDS = 20;

/** Runs `weir compose` in a process of its own, which is killed after a time. */
async function killedAfter(delayMs: number, words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ["bin/weir.js", "compose", EXAMPLE, ...words]);
  const ended = once(child, "exit");
  await Promise.race([sleep(delayMs), ended]);
  child.kill("SIGKILL");
  await ended;
}

/** The files that a folder's compose.yaml names and that are not there. */
function dangling(dir: string): readonly string[] {
  const { secrets, configs } = readCompose(readFileSync(join(dir, "compose.yaml"), "utf8"));
  return [...Object.values(secrets), ...Object.values(configs)]
    .map(({ file }) => file)
    .filter((file) => !existsSync(join(dir, file)));
}

it("at any time all files are there that compose.yaml names", async () => {
  const dir = join(await scratchDir("compose"), "out");
  const fleets = [["--active", "scene"], ["--active", "scene,review"], []];
  const startedMs = performance.now();
  await killedAfter(60_000, ["--out", dir]);
  const wholeMs = performance.now() - startedMs;
  expect(dangling(dir)).toEqual([]);

  for (let round = 0; round < ROUNDS; round++) {
    const delayMs = wholeMs * (0.5 + (0.6 * round) / ROUNDS);
    await killedAfter(delayMs, ["--out", dir, ...(fleets[round % fleets.length] ?? [])]);
    expect(dangling(dir)).toEqual([]);
  }

  // What was killed is no hindrance.
  const files = { "fleet.yaml": readFileSync(EXAMPLE, "utf8") };
  expect(await weir(["compose", "fleet.yaml", "--out", dir], { files })).toMatchObject({
    exitCode: 0,
  });
  expect(dangling(dir)).toEqual([]);
});
