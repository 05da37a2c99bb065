import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, expect, test, vi } from "vitest";

import { runProcess } from "../processes/processes.ts";
import { scratchDir } from "../processes/scratch.ts";
import { installMissing } from "./systemPrograms.ts";

/** Of which no computer has a program. */
const PROGRAMS = [
  { program: "sh", debianPackage: "dash" },
  { program: "weir-one", debianPackage: "one" },
  { program: "weir-two", debianPackage: "two" },
  { program: "weir-second", debianPackage: "two" },
];

afterEach(() => {
  vi.unstubAllEnvs();
});

interface Computer {
  readonly calls: () => Promise<string>;
  /** Of its apt-get alone: another test file may hold the machine's for minutes. */
  readonly lock: string;
}

/** A PATH with an apt-get of our own, which notes how it was called and then runs a line of shell. */
async function computerWithApt(line: string): Promise<Computer> {
  const bin = await scratchDir("bin");
  for (const command of ["sh", "flock", "setpriv", "touch", "chmod"]) {
    const path = await runProcess({ command: "sh", args: ["-c", `command -v ${command}`] });
    await symlink(path.trim(), join(bin, command));
  }
  const log = join(bin, "calls");
  const script = `#!/bin/sh\necho "$@" >>${log}\nbin=${bin}\n${line}\n`;
  await writeFile(join(bin, "apt-get"), script, { mode: 0o755 });
  vi.stubEnv("PATH", bin);
  return { calls: () => readFile(log, "utf8"), lock: join(bin, "lock") };
}

const INSTALL =
  'for name in one two second; do f="$bin/weir-$name"; touch "$f"; chmod +x "$f"; done';

test("what is missing is installed, and what is there is left alone", async () => {
  const { calls, lock } = await computerWithApt(`[ "$3" = update ] || { ${INSTALL}; }`);
  await installMissing(PROGRAMS, lock);
  await installMissing(PROGRAMS, lock);
  const option = "-o DPkg::Lock::Timeout=600";
  expect(await calls()).toBe(
    `${option} update\n${option} install --yes --no-install-recommends one two\n`,
  );
});

test("when it can't be installed, it is reported what to install", async () => {
  const { lock } = await computerWithApt('echo "no network" >&2; exit 100');
  await expect(installMissing(PROGRAMS, lock)).rejects.toThrow(
    /^install these packages.*: one two\n.*no network/s,
  );
});
