import { eventually } from "./eventually.ts";
import { loadOf } from "./loadGenerator.ts";
import type { RunningFleet } from "./runningFleet.ts";
import { logStart } from "./log.ts";
import type { Watch } from "./watch.ts";

/**
 * The pause between bursts of calls to the server that its autoscaler is to scale: it then uses more
 * than twice the CPU that a pod is scaled at (see SCALED), also on a slow machine. Without a pause it
 * would use all that there is.
 */
const BUSY_PAUSE_MS = 100;

/** Somebody raises the least that the autoscalers may set to the most: as many pods as there may be. */
export async function scaleByHand(fleet: RunningFleet, watch: Watch): Promise<void> {
  const { namespace, kubectl, scaled } = fleet;
  if (scaled === undefined) return;
  const done = logStart(
    `${namespace}: ${scaled.byHand.join(", ")} have ${scaled.max} pods, all full`,
  );
  await fleet.loadGenerator.call(loadOf(fleet, scaled.max));
  const patch = JSON.stringify({ spec: { minReplicas: scaled.max } });
  for (const server of scaled.byHand) {
    await kubectl("patch", `horizontalpodautoscaler/${server}`, `--patch=${patch}`);
  }
  for (const server of scaled.byHand) await untilAllFull(watch, server, scaled.max);
  done();
}

/** One server is called more often, until its autoscaler has made as many pods as it may. */
export async function scaleByCpu(fleet: RunningFleet, watch: Watch): Promise<void> {
  const { namespace, kubectl, scaled } = fleet;
  if (scaled === undefined) return;
  const done = logStart(
    `${namespace}: the autoscaler of ${scaled.byCpu} has made ${scaled.max} pods`,
  );
  const { targets } = loadOf(fleet, scaled.max);
  await fleet.loadGenerator.call({
    targets: targets.map((target) =>
      target.server === scaled.byCpu ? { ...target, pauseMs: BUSY_PAUSE_MS } : target,
    ),
  });
  const desired = () =>
    kubectl(
      "get",
      `horizontalpodautoscaler/${scaled.byCpu}`,
      "--output=jsonpath={.status.desiredReplicas}",
    );
  await eventually(desired, String(scaled.max));
  done();
  await untilAllFull(watch, scaled.byCpu, scaled.max);
  await fleet.loadGenerator.call(loadOf(fleet, scaled.max));
}

/** Waits until so many pods of a server had as many connections as they may have. */
async function untilAllFull(
  { samples, pods }: Watch,
  server: string,
  count: number,
): Promise<void> {
  const full = () =>
    pods.ofServers().filter((pod) => {
      const seen = samples.pools().get(pod.name);
      return pod.server === server && pod.ready && seen !== undefined && seen.open === seen.limit;
    }).length;
  await eventually(full, count);
}
