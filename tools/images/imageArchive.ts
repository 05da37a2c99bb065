import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

import { cacheDir, cached } from "../cache/cache.ts";
import { buildWithBuildah } from "./buildah.ts";
import { type ImageName, imageOf } from "./catalog.ts";
import { contentKey } from "./contentKey.ts";
import { dockerAnswers } from "../processes/docker.ts";
import { buildWithDocker } from "./docker.ts";
import { standInsVersion } from "./standIns.ts";

/** How many archives of an image are kept, beside those that other checkouts may be loading. */
const KEPT_ARCHIVES = 4;
/** One that was asked for lately may be loaded now. In milliseconds. */
const IN_USE_MS = 3_600_000;

/**
 * An image as an archive (as `docker save` writes it), built when anything changed that it is made
 * of: by Docker where there is one, else by root with buildah.
 *
 * @returns the archive's path, in the cache
 * @throws with the builder's words, or with what to install
 */
export async function imageArchive(name: ImageName): Promise<string> {
  const image = imageOf(name);
  const withDocker = await dockerAnswers();
  const key = contentKey(image);
  const entry = {
    name: `image-${name}`,
    version: withDocker ? `${key}-${process.arch}-docker` : `${key}-${standInsVersion()}`,
    make: async (building: string) => {
      const build = withDocker ? buildWithDocker : buildWithBuildah;
      await build(image, join(building, "image.tar"));
      await removeOldArchives(name);
    },
  };
  for (;;) {
    const dir = await cached(entry);
    // Another checkout may have removed it at this very moment.
    if (await isMarkedInUse(dir)) return join(dir, "image.tar");
  }
}

async function isMarkedInUse(dir: string): Promise<boolean> {
  const now = new Date();
  return utimes(dir, now, now).then(
    () => true,
    () => false,
  );
}

async function removeOldArchives(name: ImageName): Promise<void> {
  const names = (await readdir(cacheDir())).filter(
    (each) => each.startsWith(`image-${name}-`) && !/\.(?:lock|building)$/.test(each),
  );
  const used = await Promise.all(
    names.map(async (each) => {
      const dir = join(cacheDir(), each);
      const found = await stat(dir).catch(() => undefined);
      return found === undefined ? [] : [{ dir, usedMs: found.mtimeMs }];
    }),
  );
  const old = used
    .flat()
    .toSorted((a, b) => b.usedMs - a.usedMs)
    .slice(KEPT_ARCHIVES - 1)
    .filter(({ usedMs }) => Date.now() - usedMs > IN_USE_MS);
  for (const { dir } of old) await rm(dir, { recursive: true, force: true });
}
