import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

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
