import { plannedBudgets, planFleet } from "../../src/budget/planFleet.ts";
import { budgetAnnotations } from "../../charts/statefulSet.ts";
import { configMap } from "../../charts/tierObjects.ts";
import { processCountOf } from "../../src/api/connectionBudget.ts";
import { readFleet } from "../../src/fleet/readFleet.ts";
import { nofileLimit } from "../../src/pgbouncer/nofile.ts";

/**
 * The values with which tools/bench/chart prints the objects of a fleet. helm gets the sums, the
 * ini and its hash for free: somebody else has done them.
 *
 * @throws when the fleet is not valid
 */
export function helmValues(fleetText: string): unknown {
  const read = readFleet([{ name: "fleet.yaml", text: fleetText }]);
  if (!read.ok) throw new Error(JSON.stringify(read.problems[0]));
  const planned = plannedBudgets(read.fleet, planFleet(read.fleet));
  return {
    namespaces: [...new Set(planned.map(({ budget }) => budget.metadata.namespace))],
    budgets: planned.map(({ budget, plan, servers }) => {
      const config = configMap(budget, plan);
      return {
        name: budget.metadata.name,
        namespace: budget.metadata.namespace,
        configMap: config.metadata.name,
        files: config["data"],
        annotations: budgetAnnotations(budget, plan),
        replicas: processCountOf(budget),
        image: budget.spec.pgbouncer.image,
        nofile: nofileLimit(budget, plan.slots),
        postgresPort: budget.spec.postgres.port,
        terminationGracePeriodSeconds: budget.spec.pgbouncer.terminationGracePeriodSeconds,
        servers: servers.map(({ server, plan: { limit } }) => ({
          name: server.metadata.name,
          port: server.spec.port,
          image: server.spec.image,
          replicas: server.spec.replicas,
          limit,
        })),
      };
    }),
  };
}
