import type { Manifest } from "../../src/render/manifest.ts";
import { plannedBudgets, type PlannedBudget, planFleet } from "../../src/budget/planFleet.ts";
import { serverObjects } from "../../charts/serverObjects.ts";
import { tierObjects } from "../../charts/tierObjects.ts";
import type { ConnectionBudget } from "../../src/api/connectionBudget.ts";
import type { McpServer } from "../../src/api/mcpServer.ts";
import { credentials } from "../../src/credentials/credentials.ts";
import { secretOf } from "../../src/credentials/secrets.ts";
import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { existingWorkload } from "../testbed/existingWorkload.ts";

/** Where DNS alone knows a PgBouncer: behind this name. */
export const PRESS_HOST = "pgbouncer.press.example";

/** A fleet, and all objects that people made of it. */
interface IdleFleet {
  readonly tiers: readonly PlannedBudget[];
  readonly objects: readonly Manifest[];
}

/**
 * Three budgets, a namespace each, as their PgBouncers may be found: `writing` has pods of weir's
 * own and so many servers, `archive` names a Service of the cluster, `press` a host of DNS.
 */
export function idleFleet(servers: number): IdleFleet {
  const fleet = {
    budgets: [
      observing("writing", {
        postgres: { maxConnections: 10 * servers },
        pgbouncer: { maxClientConn: 20 * servers },
      }),
      existing("archive", "old-pgbouncer"),
      existing("press", PRESS_HOST),
    ],
    servers: [
      ...Array.from({ length: servers }, (_, index) => writingServer(index)),
      foreignServer("archive", "StatefulSet", "catalogue"),
      foreignServer("archive", "DaemonSet", "scanner"),
      foreignServer("press", "Deployment", "layout"),
    ],
  };
  const tiers = plannedBudgets(fleet, planFleet(fleet));
  const infeasible = tiers.filter(({ plan }) => !plan.feasible);
  if (infeasible.length > 0) throw new Error("a budget of the idle fleet can't fit");
  return {
    tiers,
    objects: [
      ...fleet.budgets.map(asWritten),
      ...fleet.servers.map(asWritten),
      ...secretsOf(fleet),
      ...tiers.flatMap(workloadsOf),
      ...oldPgBouncer("archive", "old-pgbouncer"),
    ],
  };
}

function observing(name: string, wish: Parameters<typeof budgetOf>[0]): ConnectionBudget {
  const budget = budgetOf({ name, namespace: name, ...wish });
  return { ...budget, spec: { ...budget.spec, mode: "Observe" } };
}

/** Two processes of a PgBouncer that weir did not make. */
function existing(name: string, host: string): ConnectionBudget {
  const budget = observing(name, { postgres: { host: `postgres.${name}.example` } });
  const there = { host, port: 6432, processes: 2, statsSecretRef: { name: "old-stats" } };
  return {
    ...budget,
    spec: { ...budget.spec, pgbouncer: { ...budget.spec.pgbouncer, existing: there } },
  };
}

/** Most have one pod; some have more, or an autoscaler. */
function writingServer(index: number): McpServer {
  const name = `s${`${index}`.padStart(3, "0")}`;
  if (index % 20 === 7) return serverOf(name, { autoscaling: { maxReplicas: 3 } });
  return serverOf(name, { replicas: index % 20 === 13 ? 2 : 1 });
}

/** Its workload is not of weir's making. */
function foreignServer(
  namespace: string,
  kind: NonNullable<McpServer["spec"]["workloadRef"]>["kind"],
  name: string,
): McpServer {
  const budgetRef = { name: namespace };
  const workloadRef = { kind, name };
  return serverOf(name, { budgetRef, image: undefined, workloadRef, replicas: 2 }, namespace);
}

function asWritten({ apiVersion, kind, metadata, spec }: ConnectionBudget | McpServer): Manifest {
  const { namespace, name } = metadata;
  return { apiVersion, kind, metadata: { namespace, name }, spec };
}

function secretsOf(fleet: Parameters<typeof credentials>[0]): readonly Manifest[] {
  const { secrets, problems } = credentials(
    fleet,
    () => undefined,
    () => "hush",
  );
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const foreign = fleet.budgets.filter(({ spec }) => spec.pgbouncer.existing !== undefined);
  return [
    ...secrets.map((secret) => ({ ...secret })),
    ...foreign.flatMap(({ metadata: { namespace, name } }) =>
      [`${name}-postgres`, "old-stats"].map((secret) => ({
        ...secretOf({ namespace, name: secret }, name, { username: name, password: "hush" }),
      })),
    ),
  ];
}

function workloadsOf({ budget, plan, servers }: PlannedBudget): readonly Manifest[] {
  if (budget.spec.pgbouncer.existing === undefined) {
    return [
      ...tierObjects(budget, plan),
      ...servers.flatMap((each) => serverObjects(each.server, budget, each.plan)),
    ];
  }
  return servers.map(({ server }) => ({
    ...existingWorkload(server, budget),
    kind: server.spec.workloadRef?.kind ?? "Deployment",
    status: { desiredNumberScheduled: server.spec.replicas },
  }));
}

/** Somebody's PgBouncer, with a Service. */
function oldPgBouncer(namespace: string, name: string): readonly Manifest[] {
  const labels = { app: name };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace, name },
      spec: { selector: labels, ports: [{ name: "pgbouncer", port: 6432 }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { namespace, name },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "pgbouncer" }] } },
      },
    },
  ];
}
