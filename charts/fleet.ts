import { Construct } from "constructs";
import type { connectionBudgetSchema } from "../src/api/connectionBudget.ts";
import type { mcpServerSchema } from "../src/api/mcpServer.ts";
import { keyOf } from "../src/api/fleet.ts";
import { formatProblem, type Problem } from "../src/fleet/problem.ts";
import { readFleet } from "../src/fleet/readFleet.ts";
import type { Plan } from "../src/budget/plan.ts";
import { planFleet } from "../src/budget/planFleet.ts";
import { cannotFit } from "../src/render/cannotFit.ts";
import { McpServerWorkload } from "./mcpServerWorkload.ts";
import { PgBouncerTier } from "./pgBouncerTier.ts";
import { plannedBudgets } from "../src/render/planned.ts";

/** A ConnectionBudget as users write it: without what has a default. */
export type ConnectionBudgetObject = (typeof connectionBudgetSchema)["_zod"]["input"];
/** An McpServer as users write it: without what has a default. */
export type McpServerObject = (typeof mcpServerSchema)["_zod"]["input"];

export interface FleetProps {
  /** The objects of a fleet file; cdk8s' Yaml.load gives them from one. */
  readonly objects: readonly (ConnectionBudgetObject | McpServerObject)[];
}

/**
 * A whole fleet: for each budget its PgBouncer, for each server its workload, with the limits that
 * the plan gives them. Namespaces are the app's own.
 */
export class Fleet extends Construct {
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
    const read = readFleet(
      // YAML reads what JSON writes.
      objects.map((object, index) => ({ name: `objects[${index}]`, text: JSON.stringify(object) })),
    );
    if (!read.ok) throw new Error(read.problems.map(formatObjectProblem).join("\n"));
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

/** A problem with its object, and that alone: all JSON is one line, and nobody sees its columns. */
function formatObjectProblem(problem: Problem): string {
  return formatProblem(problem)
    .replace(/^(objects\[\d+\]):1:\d+/, "$1")
    .replace(/\(see (objects\[\d+\]):1\)$/, "(see $1)");
}
