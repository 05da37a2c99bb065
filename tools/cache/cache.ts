import { access, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { takeLock, type Lock } from "./lock.ts";
import { runsAsRoot } from "../processes/owner.ts";
import { tellingProgress } from "./progress.ts";

/** What names an entry. */
export interface CacheKey {
  readonly name: string;
  /** Everything that makes one entry differ from another of the same name. */
  readonly version: string;
}

/** Something that is expensive to make, and the same every time. */
interface CacheEntry extends CacheKey {
  /** Fills an empty folder, which is renamed afterwards. */
  readonly make: (dir: string) => Promise<void>;
}

/** The variable that hands a Preparation on to the processes of the tests. */
const PREPARED = "WEIR_CACHE_PREPARED";

/** What was brought before the first test began. */
interface Preparation {
  /** The cache that it is in. */
  readonly dir: string;
  /** The entries that were asked for, by their folders' names. */
  readonly entries: readonly string[];
  /** Why some of them could not be made. */
  readonly problems: readonly string[];
}

/** The entries that this process has asked for. */
const asked = new Set<string>();

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
 * From now on no process of this test run makes an entry, since the time limit of a test would pay
 * for that. An entry that this process has asked for is there, or one of the problems says why not.
 * Any other entry is refused.
 */
export function declarePrepared(problems: readonly string[]): void {
  const preparation: Preparation = { dir: cacheDir(), entries: [...asked], problems };
  process.env[PREPARED] = JSON.stringify(preparation);
}

/**
 * The folder of a cache entry, made when it is not there. Any number of processes may ask at the
 * same time: one makes it and the others wait. An entry is whole or absent.
 *
 * @throws what `make` throws; then the entry stays absent
 */
export async function cached({ name, version, make }: CacheEntry): Promise<string> {
  const [dir = ""] = await cachedTogether([{ name, version }], async (missing) => {
    for (const building of missing.values()) await make(building);
  });
  return dir;
}

/**
 * The folders of entries of which several are made at a time. Those that are there stay as they are.
 *
 * @param make fills an empty folder for each of the entries that are missing
 * @throws what `make` throws; then what was missing stays absent
 */
export async function cachedTogether<Key extends CacheKey>(
  keys: readonly Key[],
  make: (missing: ReadonlyMap<Key, string>) => Promise<void>,
): Promise<readonly string[]> {
  for (const key of keys) asked.add(fileNameOf(key));
  const missing = await missingAmong(keys);
  refuseUnprepared(keys, missing);
  if (missing.length > 0) await makeMissing(keys, make);
  return keys.map(dirOf);
}

async function makeMissing<Key extends CacheKey>(
  keys: readonly Key[],
  make: (missing: ReadonlyMap<Key, string>) => Promise<void>,
): Promise<void> {
  await mkdir(cacheDir(), { recursive: true });
  const locks = await lockAll(await missingAmong(keys));
  try {
    // Some may have been made by whoever held the locks before.
    const missing = await missingAmong(keys);
    const building = new Map(missing.map((key) => [key, `${dirOf(key)}.building`]));
    if (building.size === 0) return;
    const remove = () =>
      Promise.all([...building.values()].map((dir) => rm(dir, { recursive: true, force: true })));
    // Left by a process that died; nobody else works on them, since we hold the locks.
    await remove();
    for (const dir of building.values()) await mkdir(dir);
    try {
      const names = missing.map(fileNameOf).join(", ");
      await tellingProgress(`making ${names}`, () => make(building));
      for (const [key, dir] of building) await rename(dir, dirOf(key));
    } catch (error) {
      await remove();
      throw error;
    }
  } finally {
    await Promise.all(locks.map((lock) => lock.release()));
  }
}

/** Also where it is there, left by another run: else it would be missed on a new machine alone. */
function refuseUnprepared(keys: readonly CacheKey[], missing: readonly CacheKey[]): void {
  const declared = process.env[PREPARED];
  if (!declared) return;
  const { dir, entries, problems }: Preparation = JSON.parse(declared);
  if (dir !== cacheDir()) return;
  const unknown = keys.map(fileNameOf).filter((name) => !entries.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `${unknown.join(", ")}: not brought before the tests began. ` +
        ["Say in test/preparation/needs.ts which module needs it", ...problems].join(
          ", or mend:\n",
        ),
    );
  }
  if (missing.length > 0) {
    throw new Error(
      `${missing.map(fileNameOf).join(", ")}: could not be brought before the tests began:\n` +
        problems.join("\n"),
    );
  }
}

/** In one order for all processes, so that no two of them wait for each other. */
async function lockAll(keys: readonly CacheKey[]): Promise<readonly Lock[]> {
  const locks: Lock[] = [];
  try {
    for (const key of keys.toSorted((a, b) => (fileNameOf(a) < fileNameOf(b) ? -1 : 1))) {
      locks.push(await takeLockTelling(key));
    }
    return locks;
  } catch (error) {
    await Promise.all(locks.map((lock) => lock.release()));
    throw error;
  }
}

/** Says that it waits for somebody else's build, and goes on to say so. */
async function takeLockTelling(key: CacheKey): Promise<Lock> {
  const taken = Promise.withResolvers<void>();
  const waits = () =>
    void tellingProgress(
      `waiting for another process to make ${fileNameOf(key)}`,
      () => taken.promise,
    );
  try {
    return await takeLock(`${dirOf(key)}.lock`, waits);
  } finally {
    taken.resolve();
  }
}

async function missingAmong<Key extends CacheKey>(keys: readonly Key[]): Promise<readonly Key[]> {
  const there = await Promise.all(keys.map((key) => exists(dirOf(key))));
  return keys.filter((_, index) => there[index] !== true);
}

function dirOf(key: CacheKey): string {
  return join(cacheDir(), fileNameOf(key));
}

function fileNameOf({ name, version }: CacheKey): string {
  return `${name}-${version}`.replaceAll(/[^\w.+-]+/g, "_");
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
