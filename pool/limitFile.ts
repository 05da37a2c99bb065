import { readFileSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";

import type { PoolLog } from "./log.ts";
import { every, type PoolRuntime } from "./runtime.ts";
import { limitIn } from "./settings.ts";

/** The kubelet swaps a folder beneath the file, and a notice of that may get lost: look as well. */
const POLL_MS = 1_000;

/** A file with one integer, which somebody else writes. */
interface LimitFile {
  /** What it says now; undefined when it is not there, or says no limit. */
  readonly limit: number | undefined;
  readonly stop: () => void;
}

/**
 * Reads a limit file now and whenever it changes. One that is gone or says nonsense changes
 * nothing: what was said last still holds, and nonsense is logged once.
 *
 * @param changed is told each new limit
 */
export function followLimitFile(
  path: string,
  log: PoolLog,
  runtime: PoolRuntime,
  changed: (limit: number) => void,
): LimitFile {
  let last: string | undefined;
  let watcher: FSWatcher | undefined;
  // Reading a few bytes of a mounted file in memory takes less than to hand it to another thread,
  // and nothing can come in between.
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
    watcher ??= watched(dirname(path), look, () => {
      watcher = undefined;
    });
  };
  const look = () => {
    watchFolder();
    const limit = read();
    if (limit !== undefined) changed(limit);
  };
  const limit = read();
  const stopLooking = every(runtime, POLL_MS, look, "lets it end");
  watchFolder();
  return {
    limit,
    stop: () => {
      stopLooking();
      watcher?.close();
    },
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Outside of a pod there is none; inside, it is gone for a moment at most.
    return undefined;
  }
}

/** @returns undefined while the folder can't be watched: there is none, or no watch is left */
function watched(folder: string, look: () => void, ended: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, look);
    watcher.on("error", () => {
      watcher.close();
      ended();
    });
    return watcher;
  } catch {
    return undefined;
  }
}
