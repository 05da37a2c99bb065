import type { ProcessSpec } from "../../tools/processes/processes.ts";

/**
 * The same process with one pipe for stdout and stderr: its log then has the order in which it was
 * written. Of two pipes the last line of one may be read before the first of the other.
 */
export function inOneStream(spec: ProcessSpec): ProcessSpec {
  const { command, args, ...more } = spec;
  return { ...more, command: "sh", args: ["-c", 'exec "$@" 2>&1', "sh", command, ...args] };
}
