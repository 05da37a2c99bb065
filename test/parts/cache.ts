import { access, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { takeLock } from "./lock.ts";
import { runsAsRoot } from "./owner.ts";

/** Something that is expensive to make, and the same every time. */
export interface CacheEntry {
  readonly name: string;
  /** Everything that makes one entry differ from another of the same name. */
  readonly version: string;
  /** Fills an empty folder, which is renamed afterwards. */
  readonly make: (dir: string) => Promise<void>;
}

/**
 * The folder, outside of the checkout, that survives test runs: `WEIR_CACHE_DIR`, else
 * `$XDG_CACHE_HOME/weir`, else `~/.cache/weir`. Root uses /var/cache/weir instead of its home,
 * since servers started as another user could not read what lies there.
 */
export function cacheDir(): string {
  const { WEIR_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  if (WEIR_CACHE_DIR) return WEIR_CACHE_DIR;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "weir");
  return runsAsRoot() ? "/var/cache/weir" : join(homedir(), ".cache", "weir");
}

/**
 * The folder of a cache entry, made when it is not there. Any number of processes may ask at the
 * same time: one makes it and the others wait. An entry is whole or absent.
 *
 * @throws what `make` throws; then the entry stays absent
 */
export async function cached({ name, version, make }: CacheEntry): Promise<string> {
  const key = `${name}-${version}`.replaceAll(/[^\w.+-]+/g, "_");
  const dir = join(cacheDir(), key);
  if (await exists(dir)) return dir;

  await mkdir(cacheDir(), { recursive: true });
  const lock = await takeLock(`${dir}.lock`, () =>
    tell(`waiting for another process to make ${key}`),
  );
  try {
    // Made by whoever held the lock before.
    if (await exists(dir)) return dir;
    const building = `${dir}.building`;
    // Left by a process that died; nobody else works on it, since we hold the lock.
    await rm(building, { recursive: true, force: true });
    await mkdir(building);
    tell(`making ${key} in ${cacheDir()}`);
    const startedMs = performance.now();
    try {
      await make(building);
      await rename(building, dir);
    } catch (error) {
      await rm(building, { recursive: true, force: true });
      throw error;
    }
    tell(`made ${key} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return dir;
  } finally {
    await lock.release();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function tell(text: string): void {
  process.stderr.write(`test parts: ${text}\n`);
}
