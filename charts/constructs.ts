import { ApiObject } from "cdk8s";
import { Construct } from "constructs";
import type { ConnectionBudget, connectionBudgetSchema } from "../src/api/connectionBudget.ts";
import { keyOf } from "../src/api/fleet.ts";
import type { McpServer, mcpServerSchema } from "../src/api/mcpServer.ts";
import { PGBOUNCER_PORT } from "../src/api/names.ts";
import type { BudgetPlan, Plan, ServerPlan } from "../src/budget/plan.ts";
import { planFleet, plannedBudgets } from "../src/budget/planFleet.ts";
import { formatProblem } from "../src/fleet/problem.ts";
import { readFleetObjects } from "../src/fleet/readFleet.ts";
import { cannotFit } from "../src/budget/refusal.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { clientHost } from "../src/render/pgbouncerFiles.ts";
import { serverObjects } from "./serverObjects.ts";
import { tierObjects } from "./tierObjects.ts";

/** For people who compose their own cdk8s apps: the same objects as constructs. */

/** A ConnectionBudget as users write it: without what has a default. */
export type ConnectionBudgetObject = (typeof connectionBudgetSchema)["_zod"]["input"];
/** An McpServer as users write it: without what has a default. */
export type McpServerObject = (typeof mcpServerSchema)["_zod"]["input"];

export interface FleetProps {
  /** The objects of a fleet file; cdk8s' Yaml.load gives them from one. */
  readonly objects: readonly (ConnectionBudgetObject | McpServerObject)[];
}

/**
 * A whole fleet, `Fleet` to apps: for each budget its PgBouncer, for each server its workload, with
 * the limits that the plan gives them. Namespaces are the app's own.
 */
export class FleetConstruct extends Construct {
  /** The sums, and each server's numbers with their reasons. */
  readonly plan: Plan;
  /** By NAMESPACE/NAME of the budget. */
  readonly tiers: ReadonlyMap<string, PgBouncerTier>;
  /** By NAMESPACE/NAME of the server. */
  readonly servers: ReadonlyMap<string, McpServerWorkload>;

  /**
   * @throws Error that names every problem of the objects, or, when a budget can't fit, what is
   * missing and what would suffice
   */
  constructor(scope: Construct, id: string, { objects }: FleetProps) {
    super(scope, id);
    const read = readFleetObjects(objects);
    if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
    this.plan = planFleet(read.fleet);
    if (!this.plan.feasible) throw new Error(cannotFit(this.plan));

    const tiers = new Map<string, PgBouncerTier>();
    const servers = new Map<string, McpServerWorkload>();
    for (const planned of plannedBudgets(read.fleet, this.plan)) {
      const { budget, plan } = planned;
      const key = keyOf(budget);
      tiers.set(key, new PgBouncerTier(this, `budget-${idOf(key)}`, { budget, plan }));
      for (const { server, plan: serverPlan } of planned.servers) {
        const serverKey = keyOf(server);
        const props = { server, budget, plan: serverPlan };
        servers.set(serverKey, new McpServerWorkload(this, `server-${idOf(serverKey)}`, props));
      }
    }
    this.tiers = tiers;
    this.servers = servers;
  }
}

/** A construct's id has no slash, and no name a dot. */
function idOf(key: string): string {
  return key.replace("/", ".");
}

export interface PgBouncerTierProps {
  readonly budget: ConnectionBudget;
  /** The budget's plan; see planFleet. */
  readonly plan: BudgetPlan;
}

/**
 * A budget's PgBouncer: StatefulSet, Services, configuration, NetworkPolicy and, with more than one
 * replica, a PodDisruptionBudget; and what the operator may read of it. Its Secrets come from
 * `weir secrets`.
 */
export class PgBouncerTier extends Construct {
  /** Where the budget's servers reach it, in every namespace of the cluster. */
  readonly host: string;
  readonly port: number;
  /** The objects, for a JsonPatch or a dependency. */
  readonly objects: readonly ApiObject[];

  /** @throws Error when the plan is not feasible */
  constructor(scope: Construct, id: string, { budget, plan }: PgBouncerTierProps) {
    super(scope, id);
    const { name, namespace } = budget.metadata;
    if (!plan.feasible) throw new Error(`ConnectionBudget ${namespace}/${name} cannot fit`);
    this.host = clientHost(budget);
    this.port = PGBOUNCER_PORT;
    this.objects = addObjects(this, tierObjects(budget, plan));
  }
}

export interface McpServerWorkloadProps {
  readonly server: McpServer;
  /** The budget that the server draws from. */
  readonly budget: ConnectionBudget;
  /** The server's numbers in that budget's plan; see planFleet. */
  readonly plan: ServerPlan;
}

/**
 * One MCP server: Deployment, Service, NetworkPolicy and, where they apply, an autoscaler and a
 * PodDisruptionBudget. Its pools get what the plan gives them.
 */
export class McpServerWorkload extends Construct {
  /** The objects, for a JsonPatch or a dependency. */
  readonly objects: readonly ApiObject[];

  constructor(scope: Construct, id: string, { server, budget, plan }: McpServerWorkloadProps) {
    super(scope, id);
    this.objects = addObjects(this, serverObjects(server, budget, plan));
  }
}

/**
 * Adds the manifests to a construct, in their order. As plain ApiObjects: those of cdk8s-plus-27
 * would once more drop what Kubernetes 1.27 did not know, also from a user's JsonPatch.
 */
function addObjects(scope: Construct, manifests: readonly Manifest[]): readonly ApiObject[] {
  return manifests.map(
    (manifest) => new ApiObject(scope, `${manifest.kind}-${manifest.metadata.name}`, manifest),
  );
}
