import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The command lines of all processes that contain a text. */
export async function processesThatName(text: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // A process may end between the listing and the reading.
    const line = await readFile(join("/proc", pid, "cmdline"), "utf8").catch(() => "");
    if (line.includes(text)) lines.push(line.replaceAll("\0", " "));
  }
  return lines;
}
