import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

import { type Command, type Ending, runGroup } from "../../tools/ci/processGroup.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

async function run(
  command: Command,
  until = new AbortController().signal,
  killAfterMs = 100,
): Promise<Ending> {
  return runGroup({ command, cwd: "/", env: { NAME: "weir" }, until, killAfterMs });
}

test.each<[name: string, command: Command, code: number | null]>([
  ["its exit code", ["sh", "-c", "exit 3"], 3],
  ["its variables and its folder", ["sh", "-c", 'test "$NAME $PWD" = "weir /"'], 0],
  ["that a signal ended it", ["sh", "-c", "kill -KILL $$"], null],
  ["that there is no such program", ["/no/such/program"], 127],
])("tells %s", async (_, command, code) => {
  expect(await run(command)).toEqual({ code, cutShort: undefined });
});

test("does not begin when there is no time", async () => {
  expect(await run(["true"], AbortSignal.abort("too late"))).toEqual({
    code: null,
    cutShort: "too late",
  });
});

/** Waits until a script has written its process id to the file. */
async function pidIn(file: string): Promise<number> {
  const read = async () => Number(await readFile(file, "utf8").catch(() => ""));
  await expect.poll(read).toBeGreaterThan(0);
  return read();
}

/** One that is dead may still be in the table of processes, as Z, until its parent asks. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
  return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
}

test("kills what does not end when it is interrupted", async () => {
  const file = join(await scratchDir("group"), "pid");
  const controller = new AbortController();
  const script = 'trap "" INT; echo $$ >"$0"; while :; do sleep 1; done';
  const ending = run(["sh", "-c", script, file], controller.signal);
  await pidIn(file);
  controller.abort("too long");
  expect(await ending).toEqual({ code: null, cutShort: "too long" });
});

test("leaves nothing running that an interrupted command has started", async () => {
  const file = join(await scratchDir("group"), "pid");
  const controller = new AbortController();
  const child = `sh -c 'trap "" INT; echo $$ >"$0"; while :; do sleep 1; done' "$0" &`;
  // What it leaves is killed when it ends, not only when its time is over.
  const ending = run(["sh", "-c", `${child} wait`, file], controller.signal, 1e9);
  const pid = await pidIn(file);
  expect(await isAlive(pid)).toBe(true);
  controller.abort("too long");
  expect(await ending).toEqual({ code: null, cutShort: "too long" });
  await expect.poll(() => isAlive(pid)).toBe(false);
});
