import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Has a command run when this process is gone, however it ended: for what is no child of it, and so
 * would stay.
 *
 * @returns to have it run now, and to wait until it has
 */
export function atTheEnd(command: string, ...args: readonly string[]): () => Promise<void> {
  // Its stdin ends when this process is gone. Detached, since Ctrl-C ends the whole process group.
  const child = spawn("sh", ["-c", 'cat; exec "$@"', "sh", command, ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  const ended = once(child, "exit");
  return async () => {
    child.ref();
    child.stdin.end();
    await ended;
  };
}
