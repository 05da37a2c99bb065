// The same in TypeScript, with the objects written here: types tell what is allowed.
import { App, Chart } from "cdk8s";
import {
  Fleet,
  McpServerWorkload,
  PgBouncerTier,
  planFleet,
  plannedBudgets,
  readFleet,
  type ConnectionBudgetObject,
  type McpServerObject,
} from "weir";

const budget: ConnectionBudgetObject = {
  apiVersion: "weir.dev/v1alpha1",
  kind: "ConnectionBudget",
  metadata: { name: "studio", namespace: "writers" },
  spec: {
    postgres: {
      host: "postgres",
      database: "stories",
      credentialsSecretRef: { name: "stories-postgres" },
    },
    pgbouncer: { maxClientConn: 100 },
  },
};

const server: McpServerObject = {
  apiVersion: "weir.dev/v1alpha1",
  kind: "McpServer",
  metadata: { name: "scene", namespace: "writers" },
  spec: { budgetRef: { name: "studio" }, image: "registry.example/scene:1.0.0", port: 3005 },
};

const app = new App({ outdir: "typed" });
const fleet = new Fleet(new Chart(app, "whole"), "fleet", { objects: [budget, server] });
const grant: number | undefined = fleet.plan.budgets[0]?.servers[0]?.grant;
process.stdout.write(`${grant} ${fleet.tiers.get("writers/studio")?.host}\n`);

// In parts: every budget and every server in a chart of its own.
const read = readFleet([
  { name: "fleet", text: [budget, server].map((each) => JSON.stringify(each)).join("\n---\n") },
]);
if (!read.ok) throw new Error("the fleet is not well");
for (const planned of plannedBudgets(read.fleet, planFleet(read.fleet))) {
  const { name } = planned.budget.metadata;
  new PgBouncerTier(new Chart(app, `${name}-pgbouncer`), "tier", planned);
  for (const each of planned.servers) {
    new McpServerWorkload(new Chart(app, each.server.metadata.name), "server", {
      ...each,
      budget: planned.budget,
    });
  }
}
app.synth();

// @ts-expect-error A port is a number.
export const wrong: McpServerObject = { ...server, spec: { ...server.spec, port: "3005" } };
// @ts-expect-error There is no such policy.
export const none: ConnectionBudgetObject["spec"]["policy"] = "Fair";
