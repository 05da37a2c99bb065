import { counted } from "../text/wording.ts";
import type { ServerSnapshot } from "../model/budgetSnapshot.ts";
import type { WorkloadSnapshot } from "../model/workload.ts";
import { UNCHANGED, conditionIn, type CheckResult, type Verdict } from "./condition.ts";
import { joinTruncated } from "../text/truncation.ts";
import { isTooEarly, verdictOf } from "./observed.ts";
import type { ServerInput } from "./serverInput.ts";

/**
 * WithinGrant: whether the server holds at most its grant on every PgBouncer process, from at most
 * the pods that its grant counts, and its workload can't make more of them.
 */
export function withinGrant(its: ServerInput): Verdict {
  const { snapshot, planned, poolers } = its;
  const { grant, peakPods } = planned ?? NOTHING;
  const held = poolers.available.map((pooler) => ({
    name: pooler.name,
    held: its.owners.heldBy(snapshot, pooler, "lately"),
  }));
  const over = held.flatMap(({ name, held: each }) =>
    each.known && each.count > grant ? [`${each.count} clients on ${name} > grant ${grant}`] : [],
  );
  const bad =
    broken("ClientsExceedGrant", over) ??
    broken("PodsExceedPeak", podsOver(snapshot, peakPods)) ??
    broken("WorkloadExceedsPlan", planned === undefined ? [] : workloadOver(snapshot, peakPods));
  const verdict = verdictOf(poolers, bad, {
    status: "True",
    reason: "Within",
    message: `at most ${grant} clients on each PgBouncer process, from at most ${counted(peakPods, "pod")}`,
  });
  if (verdict.status !== "True") return verdict;
  const before = conditionIn(snapshot.object.status, "WithinGrant");
  if (before?.reason === "ClientsExceedGrant" && isTooEarly(poolers)) return UNCHANGED;
  const untold = held.find(({ held: each }) => !each.known)?.held;
  // Whose clients are whose was told before: that none of a pod's is there now means no more.
  if (untold === undefined || untold.known || isTold(before?.reason, untold.reason)) return verdict;
  return { status: "Unknown", reason: untold.reason, message: untold.message };
}

/** One that is not admitted, or Disabled. */
const NOTHING = { grant: 0, peakPods: 0 };

/** Its pods' addresses were seen before, so that a moment without them is a moment without clients. */
export function isTold(reasonBefore: string | undefined, reason: string): boolean {
  return (
    reason === "AddressesHidden" &&
    reasonBefore !== undefined &&
    ["Within", "ClientsExceedGrant", "Followed", "MoreThanConfigured"].includes(reasonBefore)
  );
}

function broken(reason: string, texts: readonly string[]): CheckResult | undefined {
  if (texts.length === 0) return undefined;
  return { status: "False", reason, message: joinTruncated(texts) };
}

function podsOver({ pods }: ServerSnapshot, peakPods: number): readonly string[] {
  if (pods.length <= peakPods) return [];
  const count = pods.filter((pod) => pod.terminating).length;
  const terminating = count === 0 ? "" : ` (${count} terminating)`;
  return [`${counted(pods.length, "pod")}${terminating} > ${peakPods} that the grant counts`];
}

/** Pods that the workload may make at once as it is written, whatever runs now. */
function workloadOver({ workload }: ServerSnapshot, peakPods: number): readonly string[] {
  if (workload === undefined) return [];
  const { kind, name, replicas, hpa, rollout } = workload;
  const most = Math.max(replicas, hpa?.maxReplicas ?? 0);
  const generations = generationsOf(workload);
  if (most * generations <= peakPods) return [];
  const why = hpa !== undefined && hpa.maxReplicas >= replicas ? `HPA ${hpa.name}` : "its replicas";
  return [
    `${kind} ${name} may make ${most} (${why}) × ${generations} (${rollout}) = ` +
      `${most * generations} pods > ${peakPods} that the grant counts`,
  ];
}

/** Only a Deployment's rollout sets a whole new generation beside one that terminates. */
function generationsOf({ kind, rollout }: WorkloadSnapshot): number {
  return kind === "Deployment" && rollout === "RollingUpdate" ? 2 : 1;
}
