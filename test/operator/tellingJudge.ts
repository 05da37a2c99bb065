import { isObject } from "../../src/kube/kubeAnswer.ts";
import type { Judge } from "../../src/operator/judge.ts";
import type {
  BudgetSnapshot,
  ObservedObject,
  ServerSnapshot,
} from "../../src/model/budgetSnapshot.ts";
import type { Observation } from "../../src/model/observation.ts";

/** One condition: what there is to say. */
interface Saying {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

/**
 * A judge that judges nothing: its conditions say what the snapshot holds, so that a test sees in
 * the cluster what was gathered. What is pending stays as it was said.
 */
export const tellingJudge: Judge = {
  judge: (snapshot) => {
    const { budget, servers, atMs } = snapshot;
    const budgetStatus = statusOf(budget, sayingsOfBudget(snapshot), atMs);
    return {
      budgetStatus,
      serverStatuses: new Map(
        servers.map((server) => [
          server.object.name,
          statusOf(server.object, sayingsOfServer(server), atMs),
        ]),
      ),
      events: flips(budget, budgetStatus).map((note) => ({
        about: { kind: "ConnectionBudget", name: budget.name },
        type: "Normal",
        reason: "Told",
        note,
      })),
      metrics: [
        { name: "weir_clients_capacity", labels: {}, value: servers.length },
        ...servers.map(({ object, pods }) => ({
          name: "weir_server_pods" as const,
          labels: { server: object.name },
          value: pods.length,
        })),
      ],
    };
  },
  judgeOrphan: (server, atMs) => ({
    status: statusOf(
      server.object,
      [{ type: "Ready", status: "False", reason: "BudgetMissing", message: "there is no budget" }],
      atMs,
    ),
    events: [],
    metrics: [],
  }),
};

function sayingsOfBudget({
  pgbouncers,
  postgres,
  budget,
  neighbours,
  namespaceAlone,
}: BudgetSnapshot): Saying[] {
  return [
    ofSight("Poolers", pgbouncers, (all) => all.map(({ name }) => name).join(" ")),
    ...(pgbouncers.state === "available"
      ? pgbouncers.value.map(({ name, observation }, index) =>
          ofSight(`Pooler${index}`, observation, ({ lines, version, config }) =>
            [
              name,
              `version ${version.split(".")[0]}`,
              `max ${config.get("max_client_conn")}`,
              ...lines.map((line) => `${line.name}=${line.maxClientConnections}`),
            ].join(" "),
          ),
        )
      : []),
    ofSight("Postgres", postgres, ({ maxConnections, role }) =>
      [
        `max ${maxConnections}`,
        `limit ${role.connectionLimit}`,
        `check ${role.clientConnectionCheckIntervalMs}`,
        `keepalive ${role.keepaliveS}`,
        `${role.name} exists ${role.exists} superuser ${role.superuser}`,
      ].join(", "),
    ),
    {
      type: "Ready",
      status: budget.parsed.ok ? "True" : "False",
      reason: "Told",
      message: `neighbours ${neighbours.length}${namespaceAlone ? ` in ${namespaceAlone} alone` : ""}`,
    },
  ];
}

function sayingsOfServer({ workload, pods, handshake }: ServerSnapshot): Saying[] {
  const told = workload && {
    replicas: workload.replicas,
    rollout: workload.rollout,
    hpa: workload.hpa?.maxReplicas,
    poolMax: workload.poolMax,
    from: workload.poolMaxFrom,
  };
  return [
    {
      type: "Ready",
      status: workload === undefined ? "False" : "True",
      reason: "Told",
      message: JSON.stringify(told ?? {}),
    },
    {
      type: "WithinGrant",
      status: "True",
      reason: "Told",
      message: pods
        .map(({ name, ready, terminating, poolMax }) =>
          [name, ready ? "ready" : "", terminating ? "terminating" : "", poolMax ?? ""]
            .filter((word) => word !== "")
            .join(" "),
        )
        .join(", "),
    },
    ofSight("Verified", handshake, (answer) =>
      answer.ok ? `${answer.serverName} ${answer.protocolVersion}` : `failed: ${answer.message}`,
    ),
  ];
}

function ofSight<T>(type: string, sight: Observation<T>, tell: (value: T) => string): Saying {
  if (sight.state === "available") {
    return { type, status: "True", reason: "Seen", message: tell(sight.value) };
  }
  if (sight.state === "pending") return { type, status: "Unknown", reason: "Pending", message: "" };
  return { type, status: "Unknown", reason: sight.reason, message: sight.message };
}

function statusOf(
  { generation, status }: ObservedObject<unknown>,
  sayings: readonly Saying[],
  atMs: number,
): Record<string, unknown> {
  const old = new Map(conditionsOf(status).map((condition) => [condition["type"], condition]));
  return {
    observedGeneration: generation,
    conditions: sayings.map((saying) => {
      const before = old.get(saying.type);
      if (saying.reason === "Pending" && before !== undefined) return before;
      return {
        ...saying,
        observedGeneration: generation,
        lastTransitionTime:
          before?.["status"] === saying.status
            ? before["lastTransitionTime"]
            : new Date(atMs).toISOString().replace(/\.\d+/, ""),
      };
    }),
  };
}

function flips(before: ObservedObject<unknown>, status: Record<string, unknown>): string[] {
  const old = new Map(conditionsOf(before.status).map((each) => [each["type"], each["reason"]]));
  return conditionsOf(status)
    .filter(({ type, reason }) => old.has(type) && old.get(type) !== reason)
    .map(({ type, status: is, message }) => `${String(type)} is ${String(is)}: ${String(message)}`);
}

/** The conditions of a status, or of an object's. */
export function conditionsOf(status: unknown): readonly Record<string, unknown>[] {
  const conditions: unknown = isObject(status) ? status["conditions"] : undefined;
  return Array.isArray(conditions) ? conditions.filter(isObject) : [];
}
