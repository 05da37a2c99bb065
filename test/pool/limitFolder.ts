import { mkdir, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { scratchDir } from "../../tools/processes/scratch.ts";

/** A folder as the kubelet mounts the downward API. */
export interface LimitFolder {
  /** The file with the limit. */
  readonly path: string;
  /**
   * Writes as the kubelet does: a new folder with the file, and a link to it that takes the place of
   * the old link in one step.
   */
  readonly write: (text: string) => Promise<void>;
}

/** @param text what the file says; undefined: there is no folder yet */
export async function limitFolder(text?: string): Promise<LimitFolder> {
  const dir = join(await scratchDir("limit"), "weir");
  let writes = 0;
  const write = async (changed: string) => {
    await mkdir(dir, { recursive: true });
    writes += 1;
    const stamped = `..data_${writes}`;
    await mkdir(join(dir, stamped));
    await writeFile(join(dir, stamped, "pool-limit"), changed);
    const old = await readlink(join(dir, "..data")).catch(() => undefined);
    await symlink(stamped, join(dir, "..data_tmp"));
    await rename(join(dir, "..data_tmp"), join(dir, "..data"));
    if (old === undefined) await symlink("..data/pool-limit", join(dir, "pool-limit"));
    else await rm(join(dir, old), { recursive: true });
  };
  if (text !== undefined) await write(text);
  return { path: join(dir, "pool-limit"), write };
}
