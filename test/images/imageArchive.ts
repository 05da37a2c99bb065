import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { cacheDir, cached } from "../parts/cache.ts";
import { buildWithBuildah } from "./buildah.ts";
import { type ImageName, imageOf } from "./catalog.ts";
import { contentKey } from "./contentKey.ts";
import { buildWithDocker, dockerAnswers } from "./docker.ts";
import { standInsVersion } from "./standIns.ts";

/** How many archives of an image are kept: another checkout may still be loading its own. */
const KEPT_ARCHIVES = 4;

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
  const dir = await cached({
    name: `image-${name}`,
    version: withDocker ? `${key}-${process.arch}-docker` : `${key}-${standInsVersion()}`,
    make: async (building) => {
      const build = withDocker ? buildWithDocker : buildWithBuildah;
      await build(image, join(building, "image.tar"));
      await removeOldArchives(name);
    },
  });
  return join(dir, "image.tar");
}

async function removeOldArchives(name: ImageName): Promise<void> {
  const names = (await readdir(cacheDir())).filter(
    (each) => each.startsWith(`image-${name}-`) && !/\.(?:lock|building)$/.test(each),
  );
  const aged = await Promise.all(
    names.map(async (each) => {
      const dir = join(cacheDir(), each);
      return { dir, madeMs: (await stat(dir)).mtimeMs };
    }),
  );
  const old = aged.toSorted((a, b) => b.madeMs - a.madeMs).slice(KEPT_ARCHIVES - 1);
  for (const { dir } of old) await rm(dir, { recursive: true, force: true });
}
