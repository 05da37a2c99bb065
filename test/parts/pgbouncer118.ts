import { join } from "node:path";

import { cached } from "../../tools/cache/cache.ts";
import { unpackDebian } from "../../tools/debian/debian.ts";
import { askVersion, type Program } from "../../tools/debian/programs.ts";

const PROGRAM = "usr/sbin/pgbouncer";

let found: Promise<Program> | undefined;

/**
 * An old PgBouncer, for `startPgBouncer`: the 1.18 of Debian bookworm, unpacked once into the
 * cache. weir would not manage it, but has to understand it.
 *
 * @throws with apt's words when it can't be had
 */
export function oldPgBouncer(): Promise<Program> {
  found ??= unpacked();
  return found;
}

async function unpacked(): Promise<Program> {
  const tree = await cached({
    name: "pgbouncer-bookworm",
    version: `1.18-${process.arch}`,
    make: (dir) =>
      unpackDebian({ suite: "bookworm", packages: ["pgbouncer"], programs: [PROGRAM] }, dir),
  });
  return askVersion(join(tree, PROGRAM));
}
