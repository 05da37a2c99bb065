import { CAUSE_KINDS, type Diagnosis } from "./causes/diagnosis.ts";
import type { LiveSystem } from "../model/liveSystem.ts";
import type { UnavailablePart } from "../model/observation.ts";
import { serverAbovePlan } from "./causes/serverAbovePlan.ts";
import type { CauseFinding } from "./causes/finding.ts";
import { ghosts } from "./causes/ghosts.ts";
import { currentUse } from "./causes/currentUse.ts";
import { poolSettingIgnored } from "./causes/poolSettingIgnored.ts";
import { leaks } from "./causes/leak.ts";
import { saturatedWhileIdle, type Saturated } from "./causes/saturatedWhileIdle.ts";
import { loginStorms } from "./causes/loginStorm.ts";
import { symptomsOf } from "./causes/symptoms.ts";
import { THRESHOLDS, type Thresholds } from "./causes/thresholds.ts";
import { queriesWithoutClient } from "./causes/queriesWithoutClient.ts";
import { byCodeUnit } from "../text/order.ts";
import { workloadClients } from "./causes/workloadClients.ts";

/**
 * What is wrong in a system that runs, as far as its samples prove it, and who holds what.
 *
 * One fact gets one name. That a process or a line is full while idle is what ghosts, ignored
 * settings, servers above their plan or a login storm have done, when it would have room without
 * them: then these are named, and say so. Causes are ordered by the part of a limit that each
 * takes. What is not well without a proved cause is a symptom.
 *
 * @param thresholds from where on something is a cause
 */
export function diagnose(live: LiveSystem, thresholds: Thresholds = THRESHOLDS): Diagnosis {
  const gone = ghosts(live, thresholds);
  const roots = [
    ...gone.findings,
    ...workloadClients(live, gone.clients).flatMap((own) => [
      ...poolSettingIgnored(own),
      ...serverAbovePlan(own),
    ]),
    ...loginStorms(live, thresholds),
  ];
  const full = saturatedWhileIdle(live);
  const { explained = [], unexplained = [] } = Object.groupBy(full, (saturated) =>
    saturated.stillFullWithout(freedOf(saturated, roots)) ? "unexplained" : "explained",
  );
  const withoutClient = queriesWithoutClient(live, thresholds);
  const leaking = leaks(live, thresholds);
  const findings = [
    ...roots.map((root) => explained.reduce(withConsequence, root)),
    ...unexplained,
    ...leaking,
    ...withoutClient.findings,
  ];
  return {
    causes: findings
      .toSorted(mostFirst)
      .map(({ kind, summary, evidence, next }) => ({ kind, summary, evidence, next })),
    symptoms: [...symptomsOf(live, full, leaking, thresholds), ...withoutClient.symptoms],
    ...currentUse(live),
    ...(live.workloads !== undefined && { workloads: live.workloads }),
    unavailable: [...live.unavailable, ...unjudged(live, withoutClient.unavailable)],
  };
}

/** Clients of what is full that would be gone without these causes. */
function freedOf({ pgbouncer, line }: Saturated, roots: readonly CauseFinding[]): number {
  return roots
    .flatMap(({ frees }) => frees)
    .filter((places) => places.pgbouncer === pgbouncer.address)
    .filter((places) => line === undefined || places.line === line)
    .reduce((sum, { clients }) => sum + clients, 0);
}

function withConsequence(root: CauseFinding, saturated: Saturated): CauseFinding {
  const freed = freedOf(saturated, [root]);
  if (freed === 0) return root;
  const fact = `because of it ${saturated.summary}: without it ${freed} places were free`;
  return { ...root, evidence: [...root.evidence, fact] };
}

function mostFirst(a: CauseFinding, b: CauseFinding): number {
  return (
    b.share - a.share ||
    CAUSE_KINDS.indexOf(a.kind) - CAUSE_KINDS.indexOf(b.kind) ||
    byCodeUnit(a.summary, b.summary)
  );
}

/** Causes that could not be judged, and for want of what. */
function unjudged(live: LiveSystem, withoutClient: string | undefined): readonly UnavailablePart[] {
  const unavailable: UnavailablePart[] = [];
  if (live.pgbouncers.length === 0) return unavailable;
  if (live.postgres === undefined) {
    unavailable.push({
      what: "transactions left open (Leak), and QueriesWithoutClient",
      why: "Postgres was not asked: SHOW SERVERS shows an open transaction and a query alike",
      next: "--postgres postgres://LOGIN@HOST:5432/DATABASE, of a login with pg_monitor",
    });
  } else if (withoutClient !== undefined) {
    unavailable.push({
      what: "QueriesWithoutClient",
      why: withoutClient,
      next: "name the console of each PgBouncer of that Postgres with --pgbouncer",
    });
  }
  if (live.workloads === undefined) {
    unavailable.push({
      what: "ServerAbovePlan, PoolSettingIgnored, and clients of pods that are gone (Ghosts)",
      why: "which pods and pool settings there are is not known",
      next: "--namespace NAME for a cluster, --compose FILE for a compose project",
    });
  }
  return unavailable;
}
