import { setTimeout as sleep } from "node:timers/promises";

import type { RunningFleet } from "./runningFleet.ts";
import type { FleetPods } from "./fleetPods.ts";
import type { PoolerSeen } from "./programs/poolerSamples.ts";
import type { PoolSeen } from "./programs/poolSamples.ts";
import type { SampleReport } from "./programs/sample.ts";
import { askProgram, SAMPLE_PORT } from "./tools.ts";

/** What PgBouncers and pools were seen to do since the tools' pod started. */
export interface Samples {
  /** The largest numbers seen so far, as fetched last: usually within the last second. */
  readonly poolers: () => ReadonlyMap<string, PoolerSeen>;
  readonly pools: () => ReadonlyMap<string, PoolSeen & { readonly server: string }>;
  /** Fetches what the program has seen by now. */
  readonly look: () => Promise<void>;
  /** Of the program, since its start. */
  readonly cpuSeconds: () => number;
  readonly stop: () => Promise<void>;
}

/** To tell the program which pods there are, and to fetch what it has seen. */
const EVERY_MS = 1000;

/** Follows what the program sees, and tells it of each new pod. */
export async function followSamples(fleet: RunningFleet, pods: FleetPods): Promise<Samples> {
  const servers = new Map<string, string>();
  let seen: SampleReport = { poolers: {}, pools: {}, cpuSeconds: 0 };
  const stopped = new AbortController();
  const addresses = () => {
    const found: Record<string, string> = {};
    for (const { name, server, ip } of pods.ofServers()) {
      servers.set(name, server);
      if (ip !== undefined) found[name] = ip;
    }
    return found;
  };
  const look = async () => {
    seen = JSON.parse(await askProgram(fleet, SAMPLE_PORT, addresses));
  };
  await look();
  const following = (async () => {
    while (!stopped.signal.aborted) {
      await sleep(EVERY_MS);
      // A step that judges looks again, and gets the error.
      await look().catch(() => {});
    }
  })();
  return {
    poolers: () => new Map(Object.entries(seen.poolers)),
    pools: () =>
      new Map(
        Object.entries(seen.pools).map(([pod, pool]) => [
          pod,
          { ...pool, server: servers.get(pod) ?? "" },
        ]),
      ),
    look,
    cpuSeconds: () => seen.cpuSeconds,
    stop: async () => {
      stopped.abort();
      await following;
    },
  };
}
