import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/**
 * Runs a piece of code in a process of its own. It imports modules by their paths from the
 * repository's root: `./tools/cache/cache.ts`.
 *
 * @param env variables on top of this process' environment
 */
export function startScript(
  code: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
}

/** The next text that a script writes to stdout, without the space around it. */
export async function nextOutput(script: ReturnType<typeof startScript>): Promise<string> {
  const [chunk] = await once(script.stdout, "data");
  return String(chunk).trim();
}
