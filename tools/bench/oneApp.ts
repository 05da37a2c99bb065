/**
 * The rival that a cdk8s user would write first: one App, all charts in it, cdk8s' own writer.
 *
 *   node tools/bench/oneApp.ts FLEET OUTDIR
 */
import { readFileSync } from "node:fs";
import { App, Chart } from "cdk8s";
import { McpServerWorkload, PgBouncerTier } from "../../charts/constructs.ts";
import { plannedBudgets, planFleet } from "../../src/budget/planFleet.ts";
import { readFleet } from "../../src/fleet/readFleet.ts";

const [fleet = "", outdir = ""] = process.argv.slice(2);
const read = readFleet([{ name: fleet, text: readFileSync(fleet, "utf8") }]);
if (!read.ok) throw new Error(JSON.stringify(read.problems[0]));
const app = new App({ outdir });
for (const { budget, plan, servers } of plannedBudgets(read.fleet, planFleet(read.fleet))) {
  const { namespace, name } = budget.metadata;
  const options = { disableResourceNameHashes: true };
  const tier = new Chart(app, `10-${namespace}.${name}`, options);
  new PgBouncerTier(tier, "tier", { budget, plan });
  for (const { server, plan: serverPlan } of servers) {
    const chart = new Chart(app, `20-${namespace}.${server.metadata.name}`, options);
    new McpServerWorkload(chart, "server", { server, budget, plan: serverPlan });
  }
}
app.synth();
