import type { Backends } from "./backends.ts";
import type { Place } from "./place.ts";
import type { Pools } from "./pools.ts";
import type { PoolerSeen } from "./programs/sample.ts";
import { measured } from "./say.ts";
import type { Watch } from "./watch.ts";

/** What every PgBouncer was seen to do. */
type Poolers = ReadonlyMap<string, PoolerSeen>;

/** What was seen beside them. */
interface Seen {
  readonly backends: Pick<Backends, "seen">;
  readonly pools: Pick<Pools, "seen">;
}

const POSTGRES = "Postgres";

/** A number that was seen, and the most that it may be. */
interface Bound {
  readonly what: string;
  readonly seen: number;
  readonly most: number;
}

/** How often each was looked at. */
type Samples = ReadonlyMap<string, number>;

/** How often each PgBouncer and Postgres was looked at so far. */
export function samplesOf(poolers: Poolers, { backends }: Pick<Seen, "backends">): Samples {
  const ofPoolers = [...poolers].map(([name, { samples }]) => [name, samples] as const);
  return new Map([...ofPoolers, [POSTGRES, backends.seen().samples]]);
}

/**
 * Everything that may be no more than it was planned to be, in any sample so far: what it was, and
 * the bound. That there were samples is one of them: a look that has broken sees nothing too large.
 *
 * @param before what there was when that began which is judged
 * @returns a sentence for each that is broken
 */
export function brokenSums(
  place: Pick<Place, "plan" | "poolers">,
  poolers: Poolers,
  watch: Seen,
  before: Samples,
): readonly string[] {
  const samples = samplesOf(poolers, watch);
  const unseen = [...place.poolers.keys(), POSTGRES]
    .filter((name) => (samples.get(name) ?? 0) <= (before.get(name) ?? 0))
    .map((name) => `${name} was not sampled`);
  const broken = bounds(place, poolers, watch)
    .filter(({ seen, most }) => seen > most)
    .map(({ what, seen, most }) => `${what}: ${seen} > ${most}`);
  return [...unseen, ...broken];
}

function bounds({ plan }: Pick<Place, "plan">, poolers: Poolers, watch: Seen): readonly Bound[] {
  const { clients, slots, servers } = plan;
  return [
    ...[...poolers].flatMap(([name, seen]) => [
      { what: `${name}: Σ max(limit, open)`, seen: seen.clients, most: clients.usable },
      { what: `${name}: Σ max(slots, open)`, seen: seen.slots, most: slots.perProcess },
      ...servers.map((server) => ({
        what: `${name}: clients of ${server.name}`,
        seen: seen.open[server.name] ?? 0,
        most: server.grant,
      })),
    ]),
    { what: "backends of the role", seen: watch.backends.seen().most, most: slots.postgres },
    ...[...watch.pools.seen()].map(([pod, { open, limit }]) => ({
      what: `connections of ${pod}`,
      seen: open,
      most: limit,
    })),
  ];
}

/** Prints how near the sums came to their bounds. */
export function tellSums({ namespace, plan }: Place, poolers: Poolers, watch: Watch): void {
  for (const [pooler, { samples, clients, slots, open, unseen }] of poolers) {
    const most = Object.values(open).reduce((sum, each) => sum + each, 0);
    measured(
      `${namespace} ${pooler}: Σ max(limit, open) ${clients} of ${plan.clients.usable}, slots ${slots} of ${plan.slots.perProcess}; largest of each line together ${most}; ${samples} samples, not answered ${unseen} times`,
    );
  }
  const { samples, most } = watch.backends.seen();
  measured(`${namespace}: ${most} of ${plan.slots.postgres} backends at most; ${samples} samples`);
}
