import { chmod, chown, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { atTheEnd } from "./atTheEnd.ts";
import type { UnixUser } from "./owner.ts";

let root: Promise<string> | undefined;

/**
 * Makes an empty folder under the system's temp folder. It is gone when this process is gone,
 * also after SIGKILL.
 *
 * @param name starts the folder's name, for people who look into a running test
 * @param owner who owns the folder; nobody else can look into it, but root
 */
export async function scratchDir(name: string, owner?: UnixUser): Promise<string> {
  root ??= makeRoot();
  const dir = await mkdtemp(join(await root, `${name}-`));
  if (owner !== undefined) await chown(dir, owner.uid, owner.gid);
  return dir;
}

async function makeRoot(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "weir-test-"));
  // The folders inside belong to other users, who have to pass through.
  await chmod(dir, 0o711);
  // Servers that are ending may still write: try again.
  const remove = 'for try in 1 2 3 4 5 6 7 8 9; do rm -rf "$0" && exit; sleep 1; done';
  atTheEnd("sh", "-c", remove, dir);
  return dir;
}
