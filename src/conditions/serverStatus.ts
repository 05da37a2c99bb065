import type { McpServer } from "../api/mcpServer.ts";
import type { ObservedObject, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { admitted } from "./admitted.ts";
import { conditionOf, type Condition, type Verdict } from "./condition.ts";
import { notUnderstood } from "./feasible.ts";
import { poolSettingIgnored } from "./poolSettingIgnored.ts";
import { ready } from "./ready.ts";
import type { ServerInput } from "./serverInput.ts";
import { verified } from "./verified.ts";
import { withinGrant } from "./withinGrant.ts";

/** What is said of an McpServer; Ready is made of them. */
export const SERVER_CONDITIONS = [
  { type: "Admitted", well: "True" },
  { type: "WithinGrant", well: "True" },
  { type: "PoolSettingIgnored", well: "False" },
  { type: "Verified", well: "True" },
] as const;

type ServerConditionType = (typeof SERVER_CONDITIONS)[number]["type"];

export type Status = Readonly<Record<string, unknown>>;

/** The status of a server whose budget's plan is known. */
export function serverStatus(its: ServerInput, atMs: number): Status {
  const { snapshot, planned } = its;
  const { object } = snapshot;
  const { limit, grant, slots } = planned ?? { limit: 0, grant: 0, slots: 0 };
  const verdicts = {
    Admitted: admitted(its),
    WithinGrant: withinGrant(its),
    PoolSettingIgnored: poolSettingIgnored(its),
    Verified: verified(snapshot),
  };
  return {
    observedGeneration: object.generation,
    ...podsOf(snapshot),
    limit,
    grant,
    slots,
    conditions: conditionsOf(object, verdicts, atMs),
  };
}

/** The status of a server that has no plan, because objects of its budget can't be read. */
export function unplannedStatus(
  snapshot: ServerSnapshot,
  problems: readonly string[],
  atMs: number,
): Status {
  const { object } = snapshot;
  const own = object.parsed.ok ? undefined : object.parsed.problems;
  const unknown = notUnderstood(own ?? problems);
  const verdicts = {
    Admitted: unknown,
    WithinGrant: unknown,
    PoolSettingIgnored: unknown,
    Verified: verified(snapshot),
  };
  return {
    observedGeneration: object.generation,
    ...podsOf(snapshot),
    ...numbersBefore(object),
    conditions: conditionsOf(object, verdicts, atMs),
  };
}

/** The fields that tell of its pods. */
export function podsOf({ object, workload, pods }: ServerSnapshot): Status {
  const selector = workload?.selector ?? object.status["selector"];
  return { replicas: pods.length, ...(selector !== undefined && { selector }) };
}

function numbersBefore({ status }: ObservedObject<McpServer>): Status {
  const { limit, grant, slots } = status;
  return {
    ...(limit !== undefined && { limit }),
    ...(grant !== undefined && { grant }),
    ...(slots !== undefined && { slots }),
  };
}

/** In the order of SERVER_CONDITIONS, Ready last. */
export function conditionsOf(
  object: ObservedObject<McpServer>,
  verdicts: Readonly<Record<ServerConditionType, Verdict>>,
  atMs: number,
): readonly Condition[] {
  const parts = SERVER_CONDITIONS.map(({ type, well }) => ({
    type,
    well,
    condition: conditionOf(object, type, verdicts[type], atMs),
  }));
  const whole = conditionOf(object, "Ready", ready(parts), atMs);
  return [...parts.map(({ condition }) => condition), whole].filter((each) => each !== undefined);
}
