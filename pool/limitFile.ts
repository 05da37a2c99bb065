import { readFileSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";

import type { PoolLog } from "./log.ts";
import { every, type PoolRuntime } from "./runtime.ts";
import { limitIn } from "./settings.ts";

/** The kubelet swaps a folder beneath the file. Its event may get lost, so the pool polls too. */
const POLL_MS = 1_000;

/**
 * Reads a file with one integer, which another program writes, now and whenever it changes. If the file is gone or holds no limit, the last
 * limit still holds; a text that is no limit is logged once.
 *
 * @param changed is called with each new limit
 * @returns the limit now; undefined when the file does not exist, or holds no limit
 */
export function followLimitFile(
  path: string,
  log: PoolLog,
  runtime: PoolRuntime,
  changed: (limit: number) => void,
) {
  let last: string | undefined;
  let watcher: FSWatcher | undefined;
  // Reading a small file in memory takes less time than handing the work to another thread, and no
  // other code runs in between.
  const read = () => {
    const text = textOf(path);
    if (text === undefined || text === last) return undefined;
    last = text;
    const limit = limitIn(text);
    if (limit === undefined) {
      log({
        level: "warn",
        message: "the limit file says no limit: the last one still holds",
        file: path,
        found: text.slice(0, 40),
      });
    }
    return limit;
  };
  const watchFolder = () => {
    watcher ??= watched(dirname(path), readAgain, () => {
      watcher = undefined;
    });
  };
  const readAgain = () => {
    watchFolder();
    const limit = read();
    if (limit !== undefined) changed(limit);
  };
  const limit = read();
  const stopPolling = every(runtime, POLL_MS, readAgain, "lets it end");
  watchFolder();
  return {
    limit,
    stop: () => {
      stopPolling();
      watcher?.close();
    },
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Outside of a pod the file does not exist; inside, it is gone for a moment at most.
    return undefined;
  }
}

/** @returns undefined while the folder can't be watched: there is none, or no watch is left */
function watched(folder: string, readAgain: () => void, ended: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, readAgain);
    watcher.on("error", () => {
      watcher.close();
      ended();
    });
    return watcher;
  } catch {
    return undefined;
  }
}
