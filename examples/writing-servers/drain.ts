import type { Server } from "node:http";
import type { Exchanges } from "./exchanges.ts";

/**
 * A Service goes on sending new connections for a moment after a pod was told to end: on a node that
 * is busy for many seconds. They are still served, each for one request, until none has come for
 * this long.
 */
const QUIET_MS = 3000;
/** Whoever calls a pod itself, and not its Service, does not keep it from ending. */
const LINGER_MS_MAX = 15_000;
/** Within the 30 s that Kubernetes gives by default. */
const GIVE_UP_MS = 25_000;
const LOOK_MS = 20;

interface Draining {
  readonly server: Server;
  readonly requests: Exchanges;
  readonly callsInFlight: () => number;
  /** Ends streams, sessions and the pool. */
  readonly close: () => Promise<void>;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * Ends in order: lets go of connections, stops accepting, waits for the calls in flight and their
 * responses, then closes what is left.
 *
 * @throws when calls are still running shortly before the grace period is over
 */
export async function drain(draining: Draining): Promise<void> {
  const { server, requests, callsInFlight, close, nowMs, sleep } = draining;
  const toldAtMs = nowMs();
  const giveUpAtMs = toldAtMs + GIVE_UP_MS;
  const lingers = () =>
    nowMs() - Math.max(toldAtMs, requests.lastAtMs()) < QUIET_MS &&
    nowMs() - toldAtMs < LINGER_MS_MAX;
  requests.closeConnections();
  while (lingers()) await sleep(LOOK_MS);
  server.close();
  while (requests.inFlight() + callsInFlight() > 0) {
    if (nowMs() > giveUpAtMs) {
      throw new Error(`${callsInFlight()} calls were still running after ${GIVE_UP_MS} ms`);
    }
    await sleep(LOOK_MS);
  }
  await close();
}
