import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Machine } from "./machine.ts";

/**
 * What is left of a machine on this computer: processes, mounts, cgroups, its link, its folder. Also
 * of processes in containers, which know nothing of the machine: their cgroup does.
 */
export async function tracesOf({
  dir,
  name,
}: Pick<Machine, "dir" | "name">): Promise<readonly string[]> {
  const traces: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // A process may end between the listing and the reading.
    const read = (file: string) => readFile(join("/proc", pid, file), "utf8").catch(() => "");
    const line = (await read("cmdline")).replaceAll("\0", " ");
    // The name of one may begin as that of another.
    const cgroups = (await read("cgroup")).split(/[\n/]/);
    if (line.includes(dir) || cgroups.includes(name)) traces.push(`process ${line}`);
    if ((await read("mountinfo")).includes(dir)) traces.push(`mounts of process ${pid}`);
  }
  const root = "/sys/fs/cgroup";
  const hierarchies = (await readdir(root)).map((hierarchy) => join(root, hierarchy, name));
  for (const path of [join(root, name), ...hierarchies, `/sys/class/net/${name}`, dir]) {
    if (await isThere(path)) traces.push(path);
  }
  return traces;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
