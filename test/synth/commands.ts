import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { readdir, readFile, readlink } from "node:fs/promises";

import { runToEnd, type EndedProcess } from "../../tools/processes/runToEnd.ts";

export const ROOT = resolve(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");

type ExtraEnvironment = Readonly<Record<string, string>>;

const MAIN = join(ROOT, "charts/main.ts");

/** `node charts/main.ts` in a folder. */
export function synth(folder: string, env: ExtraEnvironment = {}): Promise<EndedProcess> {
  return run(folder, join(BIN, "node"), [MAIN], env);
}

/** `weir compose` in a folder, which writes to `compose` there. */
export function composed(
  folder: string,
  files: readonly string[],
  env: ExtraEnvironment = {},
): Promise<EndedProcess> {
  const args = [join(ROOT, "bin/weir.js"), "compose", ...files, "--out", "compose"];
  return run(folder, join(BIN, "node"), args, env);
}

/** A synth that is killed after a while if it has not ended. */
export async function killedSynth(
  folder: string,
  delayMs: number,
  env: ExtraEnvironment = {},
): Promise<void> {
  const child = spawn(join(BIN, "node"), [MAIN], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: "ignore",
    timeout: delayMs,
    killSignal: "SIGKILL",
  });
  await once(child, "exit");
}

/**
 * `npx cdk8s synth` in a folder, on a PATH with whatever Node the machine has: npx puts that of the
 * repository before it.
 */
export function cdk8sSynth(
  folder: string,
  args: readonly string[] = [],
  env: ExtraEnvironment = {},
): Promise<EndedProcess> {
  return run(folder, "npx", ["cdk8s", "synth", "--check-upgrade=false", ...args], env);
}

function run(
  folder: string,
  command: string,
  args: readonly string[],
  env: ExtraEnvironment,
): Promise<EndedProcess> {
  return runToEnd(command, args, { cwd: folder, env: { ...process.env, ...env } });
}

/** What lies in a folder and below: texts by path, `-> TARGET` for links, `/` for folders. */
export async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const content = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (entry.isDirectory()) return [name, "/"] as const;
      if (entry.isSymbolicLink()) return [name, `-> ${await readlink(path)}`] as const;
      return [name, await readFile(path, "utf8")] as const;
    }),
  );
  return Object.fromEntries(content);
}
