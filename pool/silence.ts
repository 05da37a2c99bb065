import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

import { every, type PoolRuntime } from "./runtime.ts";

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
  runtime: PoolRuntime,
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
  const stop = every(runtime, lookMs, look, "holds the process");
  return stop;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Whether what a socket says is sent again because the other machine does not answer: that of a
 * PgBouncer that is busy, or stopped, does.
 *
 * @param tables the text of Linux' /proc/net/tcp: two addresses in each line, `HEX:PORT`, and the
 *   times that what is under way was sent again. Two sockets may have the same ports, with other
 *   addresses: both must be unanswered
 */
export function isUnanswered(tables: string, localPort: number, remotePort: number): boolean {
  const resent = tables
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, remote]) => portOf(local) === localPort && portOf(remote) === remotePort)
    .map((fields) => Number.parseInt(fields[6] ?? "", 16));
  return resent.length > 0 && resent.every((times) => times > 0);
}

function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(":")[1] ?? "", 16);
}
