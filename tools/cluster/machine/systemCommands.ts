import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { runProcess } from "../../processes/processes.ts";

/**
 * Runs a program to its end, and gives it something to read.
 *
 * @throws with what it said, when it does not exit with 0
 */
export async function runWith(
  command: string,
  args: readonly string[],
  stdin: string,
): Promise<void> {
  const child = spawn(command, args, { stdio: ["pipe", "ignore", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  // One that ends before it has read all says why by itself.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const [code, stderr] = await Promise.all([ended, text(child.stderr)]);
  if (code === 0) return;
  throw new Error(`${command} ended with ${code}: ${stderr.trim()}\nIt was given:\n${stdin}`);
}

/** Runs `ip` with the words of a line: `link set lo up`. Returns what it said; throws when it fails. */
export function ip(line: string): Promise<string> {
  return runProcess({ command: "ip", args: line.split(" ") });
}

/** Runs `mount`; throws with what it said, when it fails. */
export async function mount(...args: readonly string[]): Promise<void> {
  await runProcess({ command: "mount", args });
}
