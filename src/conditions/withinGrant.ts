import type { Condition } from "../api/kubernetes.ts";
import { generationsOf } from "../budget/sums.ts";
import type { ServerSnapshot } from "../model/budgetSnapshot.ts";
import { counted } from "../text/wording.ts";
import { whyUnknown } from "./clientOwners.ts";
import { failureFrom, type CheckOutcome, type FailureCause } from "./condition.ts";
import type { ServerInput } from "./input.ts";
import { outcomeOf } from "./sources.ts";
import type { Reasons } from "./reasons.ts";

type Overrun = FailureCause<"WithinGrant">;

/** Reasons that are said only when it is known whose all clients are. */
const KNOWING: readonly Reasons["WithinGrant"][] = ["Within", "ClientsExceedGrant"];

/**
 * WithinGrant: whether the server holds at most its grant on every PgBouncer process, from at most
 * the pods that its grant counts, and its workload can't make more of them.
 */
export function withinGrant(
  input: ServerInput,
  before: Condition | undefined,
): CheckOutcome<"WithinGrant"> {
  if (input.unplanned !== undefined) return input.unplanned;
  const { snapshot, planned, pgbouncers, owners } = input;
  // A server that is Disabled or not admitted has no grant and no pods.
  const { grant = 0, peakPods = 0 } = planned ?? {};
  const counts = pgbouncers.available.map((pgbouncer) => ({
    name: pgbouncer.name,
    held: owners.heldBy(snapshot, pgbouncer, "lately"),
  }));
  const over = counts.flatMap(({ name, held }): readonly Overrun[] => {
    if (!held.known || held.count <= grant) return [];
    const text = `${held.count} clients on ${name} > grant ${grant}`;
    return [{ reason: "ClientsExceedGrant", text }];
  });
  const failure =
    failureFrom(over) ??
    failureFrom(podsOver(snapshot, peakPods)) ??
    failureFrom(planned === undefined ? [] : workloadOver(snapshot, peakPods));
  const held = counts.map((each) => each.held);
  return outcomeOf<"WithinGrant">(
    pgbouncers,
    failure,
    whyUnknown(held, before, KNOWING) ?? {
      status: "True",
      reason: "Within",
      message: `at most ${grant} clients on each PgBouncer process, from at most ${counted(peakPods, "pod")}`,
    },
  );
}

function podsOver({ pods }: ServerSnapshot, peakPods: number): readonly Overrun[] {
  if (pods.length <= peakPods) return [];
  const count = pods.filter((pod) => pod.terminating).length;
  const terminating = count === 0 ? "" : ` (${count} terminating)`;
  const text = `${counted(pods.length, "pod")}${terminating} > ${peakPods} that the grant counts`;
  return [{ reason: "PodsExceedPeak", text }];
}

/** Pods that the workload may make at once as it is written, whatever runs now. */
function workloadOver({ workload }: ServerSnapshot, peakPods: number): readonly Overrun[] {
  if (workload === undefined) return [];
  const { kind, name, replicas, hpa, rollout } = workload;
  const most = Math.max(replicas, hpa?.maxReplicas ?? 0);
  // Only a Deployment's rollout sets a whole new generation beside a generation that terminates.
  const generations = kind === "Deployment" ? generationsOf(rollout) : 1;
  if (most * generations <= peakPods) return [];
  const why = hpa !== undefined && hpa.maxReplicas >= replicas ? `HPA ${hpa.name}` : "its replicas";
  const text =
    `${kind} ${name} may make ${most} (${why}) × ${generations} (${rollout}) = ` +
    `${most * generations} pods > ${peakPods} that the grant counts`;
  return [{ reason: "WorkloadExceedsPlan", text }];
}
