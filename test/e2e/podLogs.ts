import { setTimeout as sleep } from "node:timers/promises";
import type { FleetPod } from "./fleetPods.ts";
import type { RunningFleet } from "./runningFleet.ts";
import { TOOLS_POD } from "./tools.ts";

/** A line of a pod's log. */
interface LogLine {
  readonly pod: string;
  readonly text: string;
}

/** The logs of all pods of a fleet, from their beginning to their end. */
export interface Logs {
  /** Follows a pod, if that is not done yet. */
  readonly follow: (pod: FleetPod) => void;
  /** Lines that tell of a connection that was refused. */
  readonly refusals: () => readonly LogLine[];
  /** How many lines were read of each pod. */
  readonly lines: () => ReadonlyMap<string, number>;
  /** The last lines of each pod, for whoever has to find out. */
  readonly tails: () => ReadonlyMap<string, readonly string[]>;
  readonly stop: () => void;
}

const TAIL_LINES = 40;
const RETRY_MS = 300;

/** Nothing is followed yet. */
export function watchLogs({ environment, namespace }: RunningFleet): Logs {
  const refusals: LogLine[] = [];
  const lines = new Map<string, number>();
  const tails = new Map<string, string[]>();
  const followed = new Map<string, FleetPod>();
  const stopped = new AbortController();

  const keep = (pod: string, text: string) => {
    lines.set(pod, (lines.get(pod) ?? 0) + 1);
    tails.set(pod, [...(tails.get(pod) ?? []), text].slice(-TAIL_LINES));
    if (REFUSAL.test(text)) refusals.push({ pod, text });
  };
  /** Of one container: the next one of the same pod begins at its own beginning. */
  const read = async (name: string) => {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?follow=true`;
    const stream = await environment.client.stream(path, stopped.signal);
    if (!stream.opened) return false;
    let rest = "";
    for await (const chunk of stream.chunks) {
      const [last = "", ...before] = `${rest}${Buffer.from(chunk).toString()}`
        .split("\n")
        .toReversed();
      rest = last;
      for (const text of before.toReversed()) keep(name, text);
    }
    return true;
  };
  const follow = async (pod: FleetPod) => {
    let restarts = pod.restarts;
    for (;;) {
      const wasRead = await read(pod.name).catch(() => false);
      if (stopped.signal.aborted) return;
      // Until it is started once more, or gone.
      for (;;) {
        await sleep(RETRY_MS);
        const now = followed.get(pod.name);
        if (stopped.signal.aborted || now === undefined || (wasRead && now.terminating)) return;
        if (!wasRead || now.restarts > restarts) {
          restarts = now.restarts;
          break;
        }
      }
    }
  };
  return {
    follow: (pod) => {
      const isNew = !followed.has(pod.name);
      followed.set(pod.name, pod);
      if (isNew && pod.name !== TOOLS_POD) void follow(pod);
    },
    refusals: () => refusals,
    lines: () => lines,
    tails: () => tails,
    stop: () => stopped.abort(),
  };
}

/**
 * What a client is told when a limit refuses its connection: one of PgBouncer's three, or Postgres'
 * own (max_connections, what is reserved, a role's limit).
 */
export const REFUSAL =
  /no more connections allowed|client connections exceeded|too many clients|too many connections|remaining connection slots|PoolRefused/;

/** What it is told when nobody listens: a Service none of whose pods is ready, too. */
export const NOBODY = /ECONNREFUSED/;
