import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import { mount } from "./systemCommands.ts";

/**
 * How many times the CPUs of this computer the node says it has. Requests are made for a cluster of
 * many computers, of which there is one: pods that would wait for a CPU there, would never come
 * here. Their limits, and the CPU that they use, are real.
 */
const TIMES = 16;

const REAL_CPUS = "/sys/devices/system/cpu";

/**
 * Has kubelet see many NUMA nodes, all with the same CPUs, in this mount namespace and outside of
 * containers. More CPUs, with numbers of their own, would be found out: by the kernel.
 *
 * @param dir an empty folder
 */
export async function showManyCpus(dir: string): Promise<void> {
  const cpus = (await readdir(REAL_CPUS)).filter((name) => /^cpu\d+$/.test(name));
  for (let time = 0; time < TIMES; time++) {
    const node = join(dir, `node${time}`);
    await mkdir(node);
    for (const cpu of cpus) await symlink(join(REAL_CPUS, cpu), join(node, cpu));
  }
  await mount("--bind", dir, "/sys/devices/system/node");
}
