import type { z } from "zod";
import { connectionBudgetSchema, type ConnectionBudget } from "../../src/api/connectionBudget.ts";
import type { Fleet } from "../../src/api/fleet.ts";
import { mcpServerSchema, type McpServer } from "../../src/api/mcpServer.ts";
import { API_VERSION } from "../../src/api/names.ts";

type BudgetSpecInput = z.input<typeof connectionBudgetSchema>["spec"];
type ServerSpecInput = z.input<typeof mcpServerSchema>["spec"];

/** What a test says of a budget; the rest is as users get it when they leave it out. */
export interface BudgetWish {
  readonly name?: string;
  readonly namespace?: string;
  readonly policy?: BudgetSpecInput["policy"];
  readonly postgres?: Partial<BudgetSpecInput["postgres"]>;
  readonly pgbouncer?: Partial<BudgetSpecInput["pgbouncer"]>;
}

/** A valid ConnectionBudget, through the schema: C is 200 and P 97 unless the wish says else. */
export function budgetOf(wish: BudgetWish = {}): ConnectionBudget {
  const { name = "writing", namespace = "writing", policy = "Equal" } = wish;
  return connectionBudgetSchema.parse({
    apiVersion: API_VERSION,
    kind: "ConnectionBudget",
    metadata: { name, namespace },
    spec: {
      policy,
      postgres: {
        host: "postgres",
        database: name,
        credentialsSecretRef: { name: `${name}-postgres` },
        ...wish.postgres,
      },
      pgbouncer: { maxClientConn: 200, ...wish.pgbouncer },
    },
  });
}

/** A valid McpServer of that name, through the schema; in the budget `writing` unless told. */
export function serverOf(
  name: string,
  spec: Partial<ServerSpecInput> = {},
  namespace = "writing",
): McpServer {
  return mcpServerSchema.parse({
    apiVersion: API_VERSION,
    kind: "McpServer",
    metadata: { name, namespace },
    spec: { budgetRef: { name: "writing" }, image: "example/server:1", port: 3000, ...spec },
  });
}

/** The servers of the incident, as ACTIVE_MCP_SERVERS named them. */
export const INCIDENT_NAMES: readonly string[] = [
  "author",
  "book-planning",
  "chapter-planning",
  "character-planning",
  "core-continuity",
  "database-admin",
  "reporting",
  "review",
  "scene",
  "series-planning",
];

/** The ten servers of the incident, all with this spec, behind C = 200. */
export function incidentFleet(spec: Partial<ServerSpecInput> = {}, budget: BudgetWish = {}): Fleet {
  return {
    budgets: [budgetOf(budget)],
    servers: INCIDENT_NAMES.map((name) => serverOf(name, spec)),
  };
}
