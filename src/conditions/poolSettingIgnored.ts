import type { Condition } from "../api/kubernetes.ts";
import type { PodSnapshot } from "../model/workload.ts";
import { listed } from "../text/wording.ts";
import { whyUnknown } from "./clientOwners.ts";
import type { CheckOutcome, CheckResult } from "./condition.ts";
import type { PlannedServerInput, ServerInput } from "./input.ts";
import { outcomeOf } from "./sources.ts";
import { allowedByPod } from "./poolSetting.ts";
import type { Reasons } from "./reasons.ts";

type Result = CheckResult<Reasons["PoolSettingIgnored"]>;

/** Reasons that are said only when it is known which clients each pod has. */
const KNOWING: readonly Reasons["PoolSettingIgnored"][] = ["Followed", "MoreThanConfigured"];

/**
 * PoolSettingIgnored, True on failure: a pod holds more connections than its own setting allows its
 * pools, over all PgBouncers (poolSetting.ts); or the workload's template gives another pool size
 * than the plan's limit.
 */
export function poolSettingIgnored(
  input: ServerInput,
  before: Condition | undefined,
): CheckOutcome<"PoolSettingIgnored"> {
  if (input.unplanned !== undefined) return input.unplanned;
  const { snapshot, pgbouncers, owners } = input;
  const pods = snapshot.pods.flatMap((pod) => {
    const allowed = allowedBy(pod, input);
    if (allowed === undefined) return [];
    return [{ pod, allowed, held: owners.heldByPod(pod, pgbouncers.available) }];
  });
  const over = pods.flatMap(({ pod, allowed, held }) =>
    held.known && held.count > allowed
      ? [`pod ${pod.name} holds ${held.count} connections, its setting allows ${allowed}`]
      : [],
  );
  const failure: Result | undefined =
    over.length > 0
      ? { status: "True", reason: "MoreThanConfigured", message: listed(over.toSorted()) }
      : configuredOtherwise(input);
  const held = pods.map((each) => each.held);
  const otherwise = settingUnknown(input) ?? whyUnknown(held, before, KNOWING) ?? followed(input);
  return outcomeOf<"PoolSettingIgnored">(pgbouncers, failure, otherwise);
}

/** A Live pool may have been given more than it started with. */
function allowedBy(
  { poolMax }: PodSnapshot,
  { server, planned }: PlannedServerInput,
): number | undefined {
  if (poolMax === undefined) return undefined;
  const { resize, processesPerPod } = server.spec.pool;
  const most = resize === "Live" ? Math.max(poolMax, planned?.limit ?? 0) : poolMax;
  return allowedByPod({ poolMax: most, processesPerPod });
}

function configuredOtherwise({ snapshot, planned }: PlannedServerInput): Result | undefined {
  const { workload } = snapshot;
  if (workload?.poolMax === undefined || planned === undefined) return undefined;
  if (workload.poolMax === planned.limit) return undefined;
  const from = workload.poolMaxFrom === undefined ? "" : ` (${workload.poolMaxFrom})`;
  const message = `${workload.kind} ${workload.name} gives a process ${workload.poolMax}${from}, and its limit is ${planned.limit}`;
  return { status: "True", reason: "ConfiguredOtherwise", message };
}

function followed({ server, planned }: PlannedServerInput): Result {
  const { processesPerPod } = server.spec.pool;
  const message =
    planned === undefined
      ? "no pod holds more than its own setting allows"
      : `the template gives ${planned.limit} a process, and no pod holds more than its own setting × ${processesPerPod}`;
  return { status: "False", reason: "Followed", message };
}

/** Why the setting of the workload's template is not known, if that is so. */
function settingUnknown({ snapshot, planned, server }: PlannedServerInput): Result | undefined {
  const { workload } = snapshot;
  if (planned === undefined) return undefined;
  if (workload === undefined) {
    const { workloadRef } = server.spec;
    const { kind, name } = workloadRef ?? { kind: "Deployment", name: snapshot.object.name };
    const message = `there is no ${kind} ${name}`;
    return { status: "Unknown", reason: "WorkloadNotFound", message };
  }
  if (workload.poolMax !== undefined) return undefined;
  const { max } = server.spec.pool.env;
  const message = `${workload.kind} ${workload.name} sets no env ${max} (spec.pool.env.max): its pool size is not known`;
  return { status: "Unknown", reason: "NoPoolSetting", message };
}
