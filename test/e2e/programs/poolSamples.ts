// Imported by sample.ts, which runs in a pod.
//
// Asks the pool of each server's pod at /limit, a few times a second.
import { setTimeout as sleep } from "node:timers/promises";

import { POOL_PORT } from "../../../src/api/names.ts";

/** What one pod's pool said of itself. */
export interface PoolSeen {
  readonly limit: number;
  /** The most connections that it had. */
  readonly open: number;
}

const EVERY_MS = 300;
const ANSWER_MS_MAX = 3000;

/** Pods that are asked, and what was seen of them and of those that were asked before. */
interface PoolSamples {
  /** @param addresses by the names of the pods; in place of those that are asked now */
  readonly ask: (addresses: Readonly<Record<string, string>>) => void;
  readonly seen: () => Readonly<Record<string, PoolSeen>>;
}

/** Nobody is asked yet. */
export function samplePools(): PoolSamples {
  let asked: Readonly<Record<string, string>> = {};
  const followed = new Set<string>();
  const seen: Record<string, PoolSeen> = {};
  const ask = async (pod: string, address: string) => {
    const answer = await fetch(`http://${address}:${POOL_PORT}/limit`, {
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const text = await answer.text();
    if (!answer.ok) return;
    const { limit, open }: PoolSeen = JSON.parse(text);
    seen[pod] = { limit, open: Math.max(open, seen[pod]?.open ?? 0) };
  };
  /** Each by itself: one that is silent holds up no other. */
  const follow = async (pod: string) => {
    followed.add(pod);
    for (let address = asked[pod]; address !== undefined; address = asked[pod]) {
      // A pod that begins or ends gives no answer.
      await ask(pod, address).catch(() => {});
      await sleep(EVERY_MS);
    }
    followed.delete(pod);
  };
  return {
    ask: (addresses) => {
      asked = addresses;
      for (const pod of Object.keys(asked)) if (!followed.has(pod)) void follow(pod);
    },
    seen: () => seen,
  };
}
