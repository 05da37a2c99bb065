import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import type { RunningProcess } from "../../processes/processes.ts";

/**
 * Ends a program that `unshare` runs in namespaces of its own, with all other processes in there. It
 * kills the first of them, not unshare: the kernel lets the first one go when the others are gone,
 * and unshare after it. Killed itself, it would leave them behind, to end a moment later.
 */
export async function endNamespaces(unshare: RunningProcess): Promise<void> {
  const hasEnded = unshare.exited.then(() => true);
  if (await Promise.race([hasEnded, sleep(0, false)])) return;
  const [first] = await childrenOf(unshare.pid);
  if (first === undefined) {
    await unshare.stop("SIGKILL");
    return;
  }
  try {
    process.kill(first, "SIGKILL");
  } catch {
    // It has ended by itself meanwhile.
  }
  await hasEnded;
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const children: number[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    // A process may end between the listing and the reading.
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    // Behind the name, which may have spaces and brackets: the state, and the parent.
    const parent = /^ \S (\d+)/.exec(stat.slice(stat.lastIndexOf(")") + 1))?.[1];
    if (parent === `${pid}`) children.push(Number(entry));
  }
  return children;
}
