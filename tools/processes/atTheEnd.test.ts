import { access } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { atTheEnd } from "./atTheEnd.ts";
import { startProcess } from "./processes.ts";
import { scratchDir } from "./scratch.ts";

it("runs a command when the process is killed, and not before", async () => {
  const file = join(await scratchDir("end"), "done");
  const module = JSON.stringify(join(import.meta.dirname, "atTheEnd.ts"));
  const program = `import { atTheEnd } from ${module};
    atTheEnd("touch", ${JSON.stringify(file)});
    console.log("armed");
    setInterval(() => {}, 1000);`;
  const args = ["--input-type=module", "--eval", program];
  const killed = await startProcess({ command: process.execPath, args });
  await killed.untilLogged(/armed/);
  expect(await isThere(file)).toBe(false);
  await killed.stop("SIGKILL");
  await expect.poll(() => isThere(file)).toBe(true);
});

it("keeps no process from ending", async () => {
  const module = JSON.stringify(join(import.meta.dirname, "atTheEnd.ts"));
  const program = `import { atTheEnd } from ${module}; atTheEnd("true");`;
  const args = ["--input-type=module", "--eval", program];
  const { exited } = await startProcess({ command: process.execPath, args });
  expect(await exited).toEqual({ code: 0, signal: null });
});

it("runs it at once when it is asked to, and waits for it", async () => {
  const file = join(await scratchDir("end"), "done");
  await atTheEnd("touch", file)();
  expect(await isThere(file)).toBe(true);
});

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
