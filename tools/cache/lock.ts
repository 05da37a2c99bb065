import { spawn } from "node:child_process";
import { once } from "node:events";

/** What this process alone has, of all on this computer, until it is released. */
export interface Lock {
  readonly release: () => Promise<void>;
}

/** From then on it is told that somebody else has it. */
const LONG_MS = 1000;

/**
 * Waits for a lock of the kernel, held by a child that ends when its stdin does: so it is free again
 * as soon as this process has released it or is dead, and no one has to guess which.
 *
 * @param whenItTakesLong is called once when somebody else has had it for a second
 */
export async function takeLock(file: string, whenItTakesLong = () => {}): Promise<Lock> {
  const holder = spawn("flock", [file, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(holder, "exit");
  const waiting = setTimeout(whenItTakesLong, LONG_MS);
  try {
    await Promise.race([
      once(holder.stdout, "data"),
      ended.then(([code]) => {
        throw new Error(`flock (util-linux) ended with ${code}: cannot lock ${file}`);
      }),
    ]);
  } finally {
    clearTimeout(waiting);
  }
  return {
    release: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}
