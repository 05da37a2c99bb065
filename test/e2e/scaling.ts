import { comes } from "./comes.ts";
import { loadOf } from "./load.ts";
import type { Place } from "./place.ts";
import { say } from "./say.ts";
import type { Watch } from "./watch.ts";

/**
 * The pause between bursts of calls to the server that its autoscaler is to scale: it then uses more
 * than twice the CPU that a pod is scaled at (see SCALED), also on a slow machine. Without a pause it
 * would use all that there is.
 */
const BUSY_PAUSE_MS = 100;

/** Somebody raises the least that the autoscalers may set to the most: as many pods as there may be. */
export async function scaleByHand(place: Place, watch: Watch): Promise<void> {
  const { namespace, kubectl, scaled } = place;
  if (scaled === undefined) return;
  const done = say(`${namespace}: ${scaled.byHand.join(", ")} have ${scaled.max} pods, all full`);
  await place.calling.call(loadOf(place, scaled.max));
  const patch = JSON.stringify({ spec: { minReplicas: scaled.max } });
  for (const server of scaled.byHand) {
    await kubectl("patch", `horizontalpodautoscaler/${server}`, `--patch=${patch}`);
  }
  for (const server of scaled.byHand) await untilAllFull(watch, server, scaled.max);
  done();
}

/** One server is called more often, until its autoscaler has made as many pods as it may. */
export async function scaleByCpu(place: Place, watch: Watch): Promise<void> {
  const { namespace, kubectl, scaled } = place;
  if (scaled === undefined) return;
  const done = say(`${namespace}: the autoscaler of ${scaled.byCpu} has made ${scaled.max} pods`);
  const { targets } = loadOf(place, scaled.max);
  await place.calling.call({
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
  await comes(desired, String(scaled.max));
  done();
  await untilAllFull(watch, scaled.byCpu, scaled.max);
  await place.calling.call(loadOf(place, scaled.max));
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
  await comes(full, count);
}
