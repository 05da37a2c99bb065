import type { PodSnapshot } from "../model/workload.ts";
import { listed } from "../text/wording.ts";
import { UNCHANGED, conditionIn, type CheckResult, type Verdict } from "./condition.ts";
import type { Held } from "./owners.ts";
import { isTooEarly, verdictOf } from "./observed.ts";
import type { ServerInput } from "./serverInput.ts";
import { isTold } from "./withinGrant.ts";

/**
 * PoolSettingIgnored, True when it is bad: a pod holds more connections than its own setting allows
 * its pools, over all PgBouncers; or the workload's template gives another pool size than the
 * plan's limit. One that waits for a server connection may be given up already, and proves nothing.
 */
export function poolSettingIgnored(its: ServerInput): Verdict {
  const pods = its.snapshot.pods.flatMap((pod) => {
    const allowed = allowedOf(pod, its);
    if (allowed === undefined) return [];
    return [{ pod, allowed, held: its.owners.heldByPod(pod, its.poolers.available) }];
  });
  const bad = moreThanConfigured(pods) ?? configuredOtherwise(its);
  const verdict = verdictOf(its.poolers, bad, followed(its));
  if (verdict.status !== "False") return verdict;
  const before = conditionIn(its.snapshot.object.status, "PoolSettingIgnored")?.reason;
  if (before === "MoreThanConfigured" && isTooEarly(its.poolers)) return UNCHANGED;
  const untold = unseen(its, pods);
  return untold === undefined ? verdict : { status: "Unknown", ...untold };
}

interface JudgedPod {
  readonly pod: PodSnapshot;
  /** Connections that all processes of the pod may open. */
  readonly allowed: number;
  readonly held: Held;
}

/** A Live pool may have been given more than it started with. */
function allowedOf({ poolMax }: PodSnapshot, { server, planned }: ServerInput): number | undefined {
  if (poolMax === undefined) return undefined;
  const { resize, processesPerPod } = server.spec.pool;
  const most = resize === "Live" ? Math.max(poolMax, planned?.limit ?? 0) : poolMax;
  return most * processesPerPod;
}

function moreThanConfigured(pods: readonly JudgedPod[]): CheckResult | undefined {
  const over = pods
    .flatMap(({ pod, allowed, held }) =>
      held.known && held.count > allowed
        ? [`pod ${pod.name} holds ${held.count} connections, its setting allows ${allowed}`]
        : [],
    )
    .toSorted();
  if (over.length === 0) return undefined;
  return { status: "True", reason: "MoreThanConfigured", message: listed(over) };
}

function configuredOtherwise({ snapshot, planned }: ServerInput): CheckResult | undefined {
  const { workload } = snapshot;
  if (workload?.poolMax === undefined || planned === undefined) return undefined;
  if (workload.poolMax === planned.limit) return undefined;
  const from = workload.poolMaxFrom === undefined ? "" : ` (${workload.poolMaxFrom})`;
  const message = `${workload.kind} ${workload.name} gives a process ${workload.poolMax}${from}, and its limit is ${planned.limit}`;
  return { status: "True", reason: "ConfiguredOtherwise", message };
}

function followed({ server, planned }: ServerInput): CheckResult {
  const { processesPerPod } = server.spec.pool;
  const message =
    planned === undefined
      ? "no pod holds more than its own setting allows"
      : `the template gives ${planned.limit} a process, and no pod holds more than its own setting × ${processesPerPod}`;
  return { status: "False", reason: "Followed", message };
}

/** Why it can't be said that the setting is followed. */
function unseen(
  { snapshot, planned, server }: ServerInput,
  pods: readonly JudgedPod[],
): Pick<CheckResult, "reason" | "message"> | undefined {
  if (planned !== undefined) {
    const { workload } = snapshot;
    if (workload === undefined) {
      const { workloadRef } = server.spec;
      const { kind, name } = workloadRef ?? { kind: "Deployment", name: snapshot.object.name };
      return { reason: "WorkloadNotFound", message: `there is no ${kind} ${name}` };
    }
    if (workload.poolMax === undefined) {
      const { max } = server.spec.pool.env;
      const message = `${workload.kind} ${workload.name} sets no env ${max} (spec.pool.env.max): its pool size is not known`;
      return { reason: "NoPoolSetting", message };
    }
  }
  const before = conditionIn(snapshot.object.status, "PoolSettingIgnored")?.reason;
  const untold = pods.flatMap(({ held }) => (held.known ? [] : [held]))[0];
  return untold === undefined || isTold(before, untold.reason) ? undefined : untold;
}
