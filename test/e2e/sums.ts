import type { Backends } from "./backends.ts";
import type { RunningFleet } from "./runningFleet.ts";
import type { Samples } from "./samples.ts";
import { logMeasured } from "../measured.ts";

/** What was seen of every PgBouncer, of every pool, and of Postgres. */
interface SampledUse {
  readonly backends: Pick<Backends, "seen">;
  readonly samples: Pick<Samples, "poolers" | "pools">;
}

const POSTGRES = "Postgres";

/** A number that was seen, and the most that it may be. */
interface Bound {
  readonly what: string;
  readonly seen: number;
  readonly most: number;
}

/** How often each was looked at. */
type Looks = ReadonlyMap<string, number>;

/** How often each PgBouncer and Postgres was looked at so far. */
export function looksOf({ samples, backends }: Pick<SampledUse, "samples" | "backends">): Looks {
  const ofPoolers = [...samples.poolers()].map(([name, each]) => [name, each.samples] as const);
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
  fleet: Pick<RunningFleet, "plan" | "poolers">,
  seen: SampledUse,
  before: Looks,
): readonly string[] {
  const looks = looksOf(seen);
  const unseen = [...fleet.poolers.keys(), POSTGRES]
    .filter((name) => (looks.get(name) ?? 0) <= (before.get(name) ?? 0))
    .map((name) => `${name} was not sampled`);
  const broken = bounds(fleet, seen)
    .filter((each) => each.seen > each.most)
    .map((each) => `${each.what}: ${each.seen} > ${each.most}`);
  return [...unseen, ...broken];
}

function bounds(
  { plan }: Pick<RunningFleet, "plan">,
  { samples, backends }: SampledUse,
): readonly Bound[] {
  const { clients, slots, servers } = plan;
  return [
    ...[...samples.poolers()].flatMap(([name, seen]) => [
      { what: `${name}: Σ max(limit, open)`, seen: seen.clients, most: clients.usable },
      { what: `${name}: Σ max(slots, open)`, seen: seen.slots, most: slots.perProcess },
      ...servers.map((server) => ({
        what: `${name}: clients of ${server.name}`,
        seen: seen.open[server.name] ?? 0,
        most: server.grant,
      })),
    ]),
    { what: "backends of the role", seen: backends.seen().most, most: slots.postgres },
    ...[...samples.pools()].map(([pod, { open, limit }]) => ({
      what: `connections of ${pod}`,
      seen: open,
      most: limit,
    })),
  ];
}

/** Prints how near the sums came to their bounds. */
export function logSums({ namespace, plan }: RunningFleet, seen: SampledUse): void {
  for (const [pooler, { samples, clients, slots, open, unseen }] of seen.samples.poolers()) {
    const most = Object.values(open).reduce((sum, each) => sum + each, 0);
    logMeasured(
      `${namespace} ${pooler}: Σ max(limit, open) ${clients} of ${plan.clients.usable}, slots ${slots} of ${plan.slots.perProcess}; largest of each line together ${most}; ${samples} samples, not answered ${unseen} times`,
    );
  }
  const { samples, most } = seen.backends.seen();
  logMeasured(
    `${namespace}: ${most} of ${plan.slots.postgres} backends at most; ${samples} samples`,
  );
}
