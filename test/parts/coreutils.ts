import { join } from "node:path";

import { cached } from "../../tools/cache/cache.ts";
import { unpackDebian } from "../../tools/debian/debian.ts";

const CAT = "usr/bin/cat";

/** The path of Debian sid's `cat`, unpacked once into the cache: the smallest program there is. */
export async function bringCoreutils(): Promise<string> {
  const tree = await cached({
    name: "coreutils-sid",
    version: process.arch,
    make: (dir) => unpackDebian({ suite: "sid", packages: ["coreutils"], programs: [CAT] }, dir),
  });
  return join(tree, CAT);
}
