import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

import { every, type PoolRuntime } from "./runtime.ts";

/** Longer than PgBouncer's own keepalives take to forget a client that has vanished: 60 s. */
const SILENT_MS = 90_000;
const CHECK_MS = 5_000;
/** Linux' lists of this process' sockets. Other systems have none: there the system's limits hold. */
const TABLES = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

/**
 * Watches a socket that is closing. Keepalives notice a lost machine only while no data is
 * unacknowledged; Linux sends unacknowledged data again and again, for a quarter of an hour.
 *
 * @param gone is called once, when all checks within `silentMs` found unanswered data
 * @returns to stop
 */
export function watchSilence(
  { localPort, remotePort }: Pick<Socket, "localPort" | "remotePort">,
  gone: () => void,
  runtime: PoolRuntime,
  silentMs: number = SILENT_MS,
  checkMs: number = CHECK_MS,
): () => void {
  if (localPort === undefined || remotePort === undefined) return () => {};
  // Checks are counted, not time: a process that was stopped in between missed answers.
  let silentChecks = 0;
  const check = () => {
    const isSilent = isUnanswered(TABLES.map(textOf).join(""), localPort, remotePort);
    silentChecks = isSilent ? silentChecks + 1 : 0;
    if (silentChecks * checkMs < silentMs) return;
    stop();
    gone();
  };
  const stop = every(runtime, checkMs, check, "holds the process");
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
 * Whether a socket's data is sent again because the other machine does not answer. The machine of
 * a PgBouncer that is busy or stopped does answer.
 *
 * @param tables the text of Linux' /proc/net/tcp: two addresses in each line, `HEX:PORT`, and the
 *   times that unacknowledged data was sent again. Two sockets may have the same ports, with other
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
