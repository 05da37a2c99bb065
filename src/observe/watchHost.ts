import { isDeepStrictEqual } from "node:util";
import { backoffMs } from "../runtime/backoff.ts";
import { addressesOf } from "./hostNames.ts";
import { loop } from "../runtime/loop.ts";
import { patience } from "./failureDebounce.ts";
import type { Surroundings } from "./observerOptions.ts";
import { retryBackoff, type Watch } from "./pgbouncerPoller.ts";

const AGAIN_MS = 30_000;

/** The addresses of a host that is not in the cluster's API: asked of DNS again and again. */
export function watchHost(
  host: string,
  namespace: string,
  { clock, random }: Surroundings,
  onSight: () => void,
): Watch<readonly string[]> {
  const seen = patience<readonly string[]>();
  let failures = 0;
  const watching = loop(clock, async () => {
    const askedMs = clock.monotonicMs();
    const before = seen.sight();
    try {
      seen.answered(await addressesOf(host, namespace));
      failures = 0;
    } catch (error) {
      failures += 1;
      seen.failed(error, askedMs, clock.monotonicMs());
    }
    if (!isDeepStrictEqual(before, seen.sight())) onSight();
    return failures === 0 ? AGAIN_MS : backoffMs(retryBackoff("HostNotFound"), failures, random);
  });
  return {
    sight: seen.sight,
    // A resolver can't be told to stop, and nobody waits for what it says.
    stop: async () => void watching.stop(),
  };
}
