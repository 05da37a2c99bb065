import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

interface ListedProcess {
  readonly pid: number;
  readonly line: string;
}

/** All processes whose command lines contain a text. */
export async function processesThatName(text: string): Promise<readonly ListedProcess[]> {
  const found: ListedProcess[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // A process may end between the listing and the reading.
    const line = await readFile(join("/proc", pid, "cmdline"), "utf8").catch(() => "");
    if (line.includes(text)) found.push({ pid: Number(pid), line: line.replaceAll("\0", " ") });
  }
  return found;
}
