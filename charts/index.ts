/**
 * weir for people who compose their own cdk8s apps:
 *
 *   const chart = new Chart(app, "studio");
 *   new Fleet(chart, "fleet", { objects: Yaml.load("fleet.yaml") });
 *
 * `Fleet` plans a whole fleet and adds all of it; `PgBouncerTier` and `McpServerWorkload` are its
 * parts, for apps that call `readFleet` and `planFleet` themselves.
 */
export {
  FleetConstruct as Fleet,
  McpServerWorkload,
  PgBouncerTier,
  type ConnectionBudgetObject,
  type FleetProps,
  type McpServerObject,
  type McpServerWorkloadProps,
  type PgBouncerTierProps,
} from "./constructs.ts";
export type { ConnectionBudget } from "../src/api/connectionBudget.ts";
export type { Fleet as FleetData } from "../src/api/fleet.ts";
export type { McpServer } from "../src/api/mcpServer.ts";
export { formatProblem, type Problem } from "../src/fleet/problem.ts";
export { readFleet, readFleetObjects, type ReadFleet } from "../src/fleet/readFleet.ts";
export type * from "../src/budget/plan.ts";
export {
  planFleet,
  plannedBudgets,
  type PlannedBudget,
  type PlannedServer,
} from "../src/budget/planFleet.ts";
