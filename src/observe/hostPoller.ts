import { poll, type ObserverOptions, type Poller } from "./poller.ts";

const AGAIN_MS = 30_000;

/** The addresses of a host that is not in the cluster's API: asked of DNS again and again. */
export function pollHost(
  host: string,
  namespace: string,
  { runtime, network }: ObserverOptions,
  onChange: () => void,
): Poller<readonly string[]> {
  const ask = () => network.addressesOf(host, namespace);
  const { observation, stop } = poll({ ask, pauseMs: () => AGAIN_MS }, runtime, onChange);
  // A resolver can't be told to stop, and nobody waits for what it says.
  return { observation, stop: async () => void stop() };
}
