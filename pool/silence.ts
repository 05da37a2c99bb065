import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

import { every } from "./runtime.ts";
import { isUnanswered } from "./unanswered.ts";

/** Longer than PgBouncer's own keepalives take to forget a client that has vanished: 60 s. */
const SILENT_MS = 90_000;
const LOOK_MS = 5_000;
/** Where Linux tells of this process' sockets. Nobody else tells: there the system's limits hold. */
const TABLES = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

/**
 * Watches a socket that says goodbye. Keepalives find a machine that is gone only while nothing is
 * under way to it; what is, is sent again and again, for a quarter of an hour on Linux.
 *
 * @param gone is called once, when no look for as long as `silentMs` has found anything answered
 * @returns to stop
 */
export function watchSilence(
  { localPort, remotePort }: Pick<Socket, "localPort" | "remotePort">,
  gone: () => void,
  silentMs: number = SILENT_MS,
  lookMs: number = LOOK_MS,
): () => void {
  if (localPort === undefined || remotePort === undefined) return () => {};
  // Looks are counted, not the time: one that was stopped in between did not see what was answered.
  let silentLooks = 0;
  const look = () => {
    const isSilent = isUnanswered(TABLES.map(textOf).join(""), localPort, remotePort);
    silentLooks = isSilent ? silentLooks + 1 : 0;
    if (silentLooks * lookMs < silentMs) return;
    stop();
    gone();
  };
  const stop = every(lookMs, look, "holds the process");
  return stop;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
