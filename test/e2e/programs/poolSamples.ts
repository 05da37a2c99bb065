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
export interface PoolSamples {
  /** @param addresses by the names of the pods; in place of those that are asked now */
  readonly ask: (addresses: Readonly<Record<string, string>>) => void;
  readonly seen: () => Readonly<Record<string, PoolSeen>>;
}

/** Nobody is asked yet. */
export function samplePools(): PoolSamples {
  let asked: Readonly<Record<string, string>> = {};
  const seen: Record<string, PoolSeen> = {};
  const askOne = async (pod: string, address: string) => {
    const answer = await fetch(`http://${address}:${POOL_PORT}/limit`, {
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const { limit, open }: PoolSeen = JSON.parse(await answer.text());
    seen[pod] = { limit, open: Math.max(open, seen[pod]?.open ?? 0) };
  };
  const follow = async () => {
    for (;;) {
      // A pod that begins or ends gives no answer.
      await Promise.allSettled(Object.entries(asked).map(([pod, ip]) => askOne(pod, ip)));
      await sleep(EVERY_MS);
    }
  };
  void follow();
  return {
    ask: (addresses) => {
      asked = addresses;
    },
    seen: () => seen,
  };
}
