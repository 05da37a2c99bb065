import { join } from "node:path";

import { cached } from "../../tools/cache/cache.ts";
import { unpackDebian } from "../../tools/debian/debian.ts";
import { onPath } from "../../tools/debian/programs.ts";

const CLIENT = "usr/lib/postgresql/17/bin/psql";

/** The path of a psql: on PATH, else that of Debian trixie, unpacked once into the cache. */
export async function findPsql(): Promise<string> {
  const [installed] = await onPath("psql");
  if (installed !== undefined) return installed;
  const tree = await cached({
    name: "psql-trixie",
    version: `17-${process.arch}`,
    make: (dir) =>
      unpackDebian(
        { suite: "trixie", packages: ["postgresql-client-17"], programs: [CLIENT] },
        dir,
      ),
  });
  return join(tree, CLIENT);
}
