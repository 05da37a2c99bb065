import { isMapping } from "../../src/json/fields.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { reflect } from "../../src/kube/reflector.ts";
import type { RunningFleet } from "./runningFleet.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** What the operator said of an object, from some moment on. */
export interface LoggedCondition {
  /** `ConnectionBudget/writing` */
  readonly object: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** In which step. */
  readonly during: string;
}

/** All that the operator says of a fleet, in the order in which it was said. */
export interface ConditionHistory {
  readonly all: () => readonly LoggedCondition[];
  /** What it says now. */
  readonly now: () => readonly LoggedCondition[];
  readonly stop: () => Promise<void>;
}

const KINDS = [
  { kind: "ConnectionBudget", plural: "connectionbudgets" },
  { kind: "McpServer", plural: "mcpservers" },
];

/** @param step what goes on at this moment */
export async function watchConditions(
  { environment, namespace }: RunningFleet,
  step: () => string,
): Promise<ConditionHistory> {
  const said: LoggedCondition[] = [];
  const latest = new Map<string, LoggedCondition>();
  const hear = (conditions: readonly LoggedCondition[]) => {
    for (const each of conditions) {
      const key = `${each.object} ${each.type}`;
      const before = latest.get(key);
      if (before?.status === each.status && before.reason === each.reason) continue;
      latest.set(key, each);
      said.push(each);
    }
  };
  const reflectors = KINDS.map(({ kind, plural }) =>
    reflect({
      client: environment.client,
      runtime: systemRuntime,
      selection: { kind, plural, apiVersion: "weir.dev/v1alpha1", namespace },
      keep: (object) => object,
      onChange: (change) => {
        if (change.type !== "deleted") hear(conditionsIn(change.new, step()));
      },
    }),
  );
  await Promise.all(reflectors.map(({ synced }) => synced));
  return {
    all: () => said,
    now: () => [...latest.values()],
    stop: async () => {
      await Promise.all(reflectors.map(({ stop }) => stop()));
    },
  };
}

function conditionsIn(
  { kind, metadata, status }: KubeObject,
  during: string,
): readonly LoggedCondition[] {
  const name = isMapping(metadata) ? String(metadata["name"]) : "";
  const conditions =
    isMapping(status) && Array.isArray(status["conditions"]) ? status["conditions"] : [];
  return conditions.filter(isMapping).map((condition) => ({
    object: `${kind}/${name}`,
    type: String(condition["type"]),
    status: String(condition["status"]),
    reason: String(condition["reason"]),
    message: String(condition["message"]),
    during,
  }));
}
