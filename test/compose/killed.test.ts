import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, it } from "vitest";

import { weir } from "../fleets/fakeShell.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { readCompose } from "./written.ts";

const EXAMPLE = "examples/writing-servers/fleet.yaml";

/** How often it is killed, from half the time of a whole run to a little more than it. */
const ROUNDS = 20;

/** Runs `weir compose` in a process of its own, which is killed after a time, where there is one. */
async function run(words: readonly string[], delayMs?: number): Promise<void> {
  const child = spawn(process.execPath, ["bin/weir.js", "compose", EXAMPLE, ...words]);
  const ended = once(child, "exit");
  if (delayMs !== undefined) {
    await Promise.race([sleep(delayMs), ended]);
    child.kill("SIGKILL");
  }
  await ended;
}

/** The files that a folder's compose.yaml names and that are not there. */
function dangling(dir: string): readonly string[] {
  const { secrets, configs } = readCompose(readFileSync(join(dir, "compose.yaml"), "utf8"));
  return [...Object.values(secrets), ...Object.values(configs)]
    .map(({ file }) => file)
    .filter((file) => !existsSync(join(dir, file)));
}

/** One round takes as long as the machine is busy, and there are many. */
const TIMEOUT_MS = 10 * 60_000;

it("at any time all files are there that compose.yaml names", { timeout: TIMEOUT_MS }, async () => {
  const dir = join(await scratchDir("compose"), "out");
  const fleets = [["--active", "scene"], ["--active", "scene,review"], []];
  const startedMs = performance.now();
  await run(["--out", dir]);
  const wholeMs = performance.now() - startedMs;
  expect(dangling(dir)).toEqual([]);

  for (let round = 0; round < ROUNDS; round++) {
    const delayMs = wholeMs * (0.5 + (0.6 * round) / ROUNDS);
    await run(["--out", dir, ...(fleets[round % fleets.length] ?? [])], delayMs);
    expect(dangling(dir)).toEqual([]);
  }

  // What was killed is no hindrance.
  const files = { "fleet.yaml": readFileSync(EXAMPLE, "utf8") };
  expect(await weir(["compose", "fleet.yaml", "--out", dir], { files })).toMatchObject({
    exitCode: 0,
  });
  expect(dangling(dir)).toEqual([]);
});
