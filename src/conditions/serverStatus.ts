import type { McpServerStatus } from "../api/mcpServer.ts";
import { admitted } from "./admitted.ts";
import { runChain, type Check } from "./chain.ts";
import { statusFieldsOf } from "./condition.ts";
import type { ServerInput } from "./input.ts";
import { isTooEarly } from "./observed.ts";
import { poolSettingIgnored } from "./poolSettingIgnored.ts";
import { verified } from "./verified.ts";
import { withinGrant } from "./withinGrant.ts";

/** What is decided of an McpServer, in this order. */
export const SERVER_CHECKS: readonly Check<ServerInput>[] = [
  { type: "Admitted", success: "True", check: admitted },
  { type: "WithinGrant", success: "True", readsWindows: true, check: withinGrant },
  { type: "PoolSettingIgnored", success: "False", readsWindows: true, check: poolSettingIgnored },
  { type: "Verified", success: "True", check: verified },
];

/** The whole status of a server. */
export function serverStatus(input: ServerInput, atMs: number): McpServerStatus {
  const { object, workload, pods } = input.snapshot;
  const selector = workload?.selector ?? statusFieldsOf(object).selector;
  return {
    observedGeneration: object.generation,
    replicas: pods.length,
    ...(selector !== undefined && { selector }),
    ...numbersOf(input),
    conditions: runChain(SERVER_CHECKS, {
      object,
      input,
      atMs,
      isTooEarly: input.unplanned === undefined && isTooEarly(input.pgbouncers),
    }),
  };
}

type Numbers = Pick<McpServerStatus, "limit" | "grant" | "slots">;

const NOTHING = { limit: 0, grant: 0, slots: 0 };

/** While objects of its budget can't be read, a server keeps the numbers that it had. */
function numbersOf(input: ServerInput): Numbers {
  if (input.unplanned?.reason === "NotUnderstood") {
    const { replicas: _, ...before } = statusFieldsOf(input.snapshot.object).numbers;
    return before;
  }
  const { limit, grant, slots } = (input.unplanned ? undefined : input.planned) ?? NOTHING;
  return { limit, grant, slots };
}
