import { once } from "node:events";
import { access, readFile } from "node:fs/promises";

import { expect, test } from "vitest";

import { runProcess, startProcess } from "./processes.ts";
import { nextOutput, startScript } from "../../test/parts/script.ts";

test("a process dies when the process that started it is killed", async () => {
  const parent = startScript(`
    import { startProcess } from "./tools/processes/processes.ts";
    const child = await startProcess({ command: "sleep", args: ["1000"] });
    console.log(child.pid);
  `);
  const pid = Number(await nextOutput(parent));
  await expect.poll(() => commandOf(pid)).toBe("sleep");

  parent.kill("SIGKILL");

  await expect.poll(() => commandOf(pid)).toBe(undefined);
});

test("a signal reaches the program itself, and its end is reported", async () => {
  const child = await startProcess({
    command: "sh",
    args: ["-c", 'trap "echo terminated; exit 7" TERM; echo ready; while :; do sleep 0.05; done'],
    maxOpenFiles: 64,
  });
  await child.untilLogged(/ready/);

  child.signal("SIGTERM");

  expect(await child.exited).toEqual({ code: 7, signal: null });
  expect(child.log()).toBe("ready\nterminated\n");
});

test("stop ends a process that is paused", async () => {
  const child = await startProcess({ command: "sleep", args: ["1000"] });
  child.signal("SIGSTOP");
  await expect.poll(() => stateOf(child.pid)).toBe("T");

  expect(await child.stop("SIGTERM")).toEqual({ code: null, signal: "SIGTERM" });
});

test("waiting for words that never come ends with the process and says its log", async () => {
  const child = await startProcess({ command: "sh", args: ["-c", "echo no such thing; exit 3"] });

  const words = "sh ended (3) before /ready/:\nno such thing";
  await expect(child.untilLogged(/ready/)).rejects.toThrow(words);
  // Also when it has ended before anybody waits.
  await expect(child.untilLogged(/ready/)).rejects.toThrow(words);
});

test("the limit of open files is set", async () => {
  const text = await runProcess({ command: "sh", args: ["-c", "ulimit -n"], maxOpenFiles: 77 });

  expect(text).toBe("77\n");
});

test("a program that fails is reported with what it wrote", async () => {
  const run = runProcess({ command: "sh", args: ["-c", "echo broken; exit 4"] });

  await expect(run).rejects.toThrow("ended with 4:\nbroken");
});

test("a folder is removed when the process that made it is killed", async () => {
  const script = startScript(`
    import { writeFile } from "node:fs/promises";
    import { scratchDir } from "./tools/processes/scratch.ts";
    const dir = await scratchDir("left");
    await writeFile(dir + "/file", "");
    console.log(dir);
    setInterval(() => {}, 1000);
  `);
  const dir = await nextOutput(script);
  expect(await exists(dir)).toBe(true);

  script.kill("SIGKILL");

  await expect.poll(() => exists(dir)).toBe(false);
});

test("a process that made a folder ends by itself", async () => {
  const script = startScript(`
    import { scratchDir } from "./tools/processes/scratch.ts";
    await scratchDir("short");
  `);

  expect(await once(script, "exit")).toEqual([0, null]);
});

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The name of the program that runs under a pid; undefined when there is none, or only its end. */
async function commandOf(pid: number): Promise<string | undefined> {
  if ((await stateOf(pid)) === "Z") return undefined;
  return readFile(`/proc/${pid}/comm`, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** The state of a process as the kernel names it: T is stopped, Z has ended and was not reaped. */
async function stateOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return /\) (\w)/.exec(text)?.[1];
}
