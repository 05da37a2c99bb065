import type { Decision } from "./decision.ts";
import type { ServerSnapshot } from "../model/budgetSnapshot.ts";
import { notUnderstood } from "./feasible.ts";
import { conditionMetrics } from "./metrics.ts";
import { eventsOf } from "./events.ts";
import { conditionsOf, podsOf, SERVER_CONDITIONS, type Status } from "./serverStatus.ts";

/**
 * What is said of a server whose budget does not exist: nobody reserves anything for it, and nobody
 * looks at what it holds.
 */
export function judgeOrphan(
  snapshot: ServerSnapshot,
  atMs: number,
): Pick<Decision, "events" | "metrics"> & { readonly status: Status } {
  const { object, pods } = snapshot;
  const { parsed, name, namespace } = object;
  const message = parsed.ok
    ? `there is no ConnectionBudget ${parsed.value.spec.budgetRef.name} in namespace ${namespace}`
    : "the budget that it names does not exist";
  const unknown = { status: "Unknown", reason: "BudgetNotFound", message } as const;
  const verdicts = {
    Admitted: parsed.ok ? { ...unknown, status: "False" as const } : notUnderstood(parsed.problems),
    WithinGrant: unknown,
    PoolSettingIgnored: unknown,
    Verified: unknown,
  };
  const status = {
    observedGeneration: object.generation,
    ...podsOf(snapshot),
    limit: 0,
    grant: 0,
    slots: 0,
    conditions: conditionsOf(object, verdicts, atMs),
  };
  return {
    status,
    events: eventsOf({ kind: "McpServer", name }, object, status, SERVER_CONDITIONS),
    metrics: [
      { name: "weir_server_pods", labels: { server: name }, value: pods.length },
      ...conditionMetrics(`McpServer/${name}`, status, SERVER_CONDITIONS),
    ],
  };
}
