import { isDeepStrictEqual } from "node:util";
import { backoffMs } from "../runtime/backoff.ts";
import { loop } from "../runtime/loop.ts";
import { failureDebounce } from "./failureDebounce.ts";
import type { ObserverOptions } from "./observerOptions.ts";
import { retryBackoff, type Poller } from "./pgbouncerPoller.ts";

const AGAIN_MS = 30_000;

/** The addresses of a host that is not in the cluster's API: asked of DNS again and again. */
export function pollHost(
  host: string,
  namespace: string,
  { runtime, network }: ObserverOptions,
  onChange: () => void,
): Poller<readonly string[]> {
  const seen = failureDebounce<readonly string[]>();
  let failures = 0;
  const watching = loop(runtime, async () => {
    const askedMs = runtime.monotonicMs();
    const before = seen.observation();
    try {
      seen.answered(await network.addressesOf(host, namespace));
      failures = 0;
    } catch (error) {
      failures += 1;
      seen.failed(error, askedMs, runtime.monotonicMs());
    }
    if (!isDeepStrictEqual(before, seen.observation())) onChange();
    return failures === 0
      ? AGAIN_MS
      : backoffMs(retryBackoff("HostNotFound"), failures, runtime.random);
  });
  return {
    observation: seen.observation,
    // A resolver can't be told to stop, and nobody waits for what it says.
    stop: async () => void watching.stop(),
  };
}
