import { readFileSync } from "node:fs";

import type { Fleet } from "../../src/api/fleet.ts";
import type { McpServer } from "../../src/api/mcpServer.ts";
import { readFleet } from "../../src/fleet/readFleet.ts";
import type { Postgres } from "../parts/postgres.ts";

const EXAMPLE = "examples/writing-servers/fleet.yaml";

/** The fleet of the incident as it is in examples/, in front of a Postgres that runs. */
export function exampleFleet({ host, port }: Pick<Postgres, "port"> & { host: string }): Fleet {
  const text = readFileSync(new URL(`../../${EXAMPLE}`, import.meta.url), "utf8");
  const read = readFleet([{ name: EXAMPLE, text }]);
  if (!read.ok) throw new Error(`${EXAMPLE}: ${JSON.stringify(read.problems)}`);
  return {
    servers: read.fleet.servers,
    budgets: read.fleet.budgets.map((budget) => ({
      ...budget,
      spec: { ...budget.spec, postgres: { ...budget.spec.postgres, host, port } },
    })),
  };
}

/** The same fleet with other pools. */
export function withPools(fleet: Fleet, pool: Partial<McpServer["spec"]["pool"]>): Fleet {
  return {
    budgets: fleet.budgets,
    servers: fleet.servers.map((server) => ({
      ...server,
      spec: { ...server.spec, pool: { ...server.spec.pool, ...pool } },
    })),
  };
}
