import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** How a program ended, and what it wrote. */
export interface EndedProcess {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end; a program that fails is a result, not an exception.
 *
 * @param env all of its variables; those of this process when absent
 * @param stdin what it may read
 * @throws when it can't be started
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  {
    cwd,
    env,
    stdin = "",
  }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly stdin?: string } = {},
): Promise<EndedProcess> {
  const child = spawn(command, args, { cwd, env, stdio: "pipe" });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  // A program that never reads its stdin is none of the caller's concern.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
