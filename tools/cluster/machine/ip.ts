import { runProcess } from "../../processes/processes.ts";

/** Runs `ip` with the words of a line: `link set lo up`. Returns what it said; throws when it fails. */
export function ip(line: string): Promise<string> {
  return runProcess({ command: "ip", args: line.split(" ") });
}
