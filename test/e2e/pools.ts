import { setTimeout as sleep } from "node:timers/promises";

import { POOL_PORT } from "../../src/api/names.ts";
import { isObject } from "../../src/kube/kubeAnswer.ts";
import type { Pod, Pods } from "./pods.ts";
import type { Place } from "./place.ts";

/** What one pod's pool said of itself at /limit. */
export interface PoolSeen {
  readonly server: string;
  readonly limit: number;
  /** The most connections that it had. */
  readonly open: number;
}

/** The pool of every pod, asked a few times a second. */
export interface Pools {
  readonly seen: () => ReadonlyMap<string, PoolSeen>;
  readonly stop: () => Promise<void>;
}

const EVERY_MS = 300;

/** What a pod's pool says at this moment; undefined when it gives no answer. */
export async function askPool(
  { ground, namespace }: Place,
  pod: string,
): Promise<{ readonly limit: number; readonly open: number } | undefined> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}:${POOL_PORT}/proxy/limit`;
  const answer = await ground.client.get(path).catch(() => undefined);
  if (answer?.status !== 200 || !isObject(answer.body)) return undefined;
  return { limit: Number(answer.body["limit"]), open: Number(answer.body["open"]) };
}

/** Starts to ask the pools of all servers. */
export function watchPools(place: Place, pods: Pods): Pools {
  const seen = new Map<string, PoolSeen>();
  const stopped = new AbortController();
  const ask = async ({ name, server }: Pod & { readonly server: string }) => {
    const said = await askPool(place, name);
    if (said === undefined) return;
    const open = Math.max(said.open, seen.get(name)?.open ?? 0);
    seen.set(name, { server, limit: said.limit, open });
  };
  const follow = async () => {
    while (!stopped.signal.aborted) {
      await Promise.all(pods.ofServers().map(ask));
      await sleep(EVERY_MS);
    }
  };
  const following = follow();
  return {
    seen: () => seen,
    stop: async () => {
      stopped.abort();
      await following;
    },
  };
}
