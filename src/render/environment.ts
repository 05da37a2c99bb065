import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { credentialsSecretOf, membersOf, type McpServer } from "../api/mcpServer.ts";
import { PGBOUNCER_PORT, POOL_PORT } from "../api/names.ts";
import type { ServerPlan } from "../budget/plan.ts";
import { clientHost } from "./pgbouncerFiles.ts";

/** Where a server pod finds the CA of its PgBouncer's certificate, when the tier has TLS. */
export const PGBOUNCER_CA_DIR = "/etc/pgbouncer-ca";
const PGBOUNCER_CA_FILE = `${PGBOUNCER_CA_DIR}/ca.crt`;

/** One environment variable of a container. */
interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef: { readonly name: string; readonly key: string };
  };
}

/**
 * What weir sets in every process of a server: where its line is, the limits of its pool, and what
 * it hosts. It stands before the user's own variables, so that those can be made of it:
 * `postgres://$(PGUSER):$(PGPASSWORD)@…`.
 */
export function environment(
  server: McpServer,
  budget: ConnectionBudget,
  plan: ServerPlan,
): readonly EnvVar[] {
  const { pool, port, path } = server.spec;
  const line = server.metadata.name;
  const tls = budget.spec.pgbouncer.tls !== undefined;
  const host = clientHost(budget);
  const url = `postgresql://${line}@${host}:${PGBOUNCER_PORT}/${line}`;
  const check = `?sslmode=verify-full&sslrootcert=${PGBOUNCER_CA_FILE}`;
  return [
    literal("PGHOST", host),
    literal("PGPORT", PGBOUNCER_PORT),
    literal("PGDATABASE", line),
    literal("PGUSER", line),
    {
      name: "PGPASSWORD",
      valueFrom: { secretKeyRef: { name: credentialsSecretOf(server), key: "password" } },
    },
    ...(tls
      ? [
          literal("PGSSLMODE", "verify-full"),
          literal("PGSSLROOTCERT", PGBOUNCER_CA_FILE),
          // node-postgres knows PGSSLMODE and not PGSSLROOTCERT: Node itself must trust the CA.
          literal("NODE_EXTRA_CA_CERTS", PGBOUNCER_CA_FILE),
        ]
      : []),
    literal("DATABASE_URL", tls ? url + check : url),
    literal(pool.env.max, plan.limit),
    literal(pool.env.minIdle, pool.minIdle),
    literal(pool.env.idleTimeoutMs, pool.idleTimeoutMs),
    literal(pool.env.connectionTimeoutMs, pool.connectionTimeoutMs),
    literal("WEIR_POOL_PORT", POOL_PORT),
    literal("ACTIVE_MCP_SERVERS", membersOf(server).join(",")),
    literal("PORT", port),
    literal("MCP_PATH", path),
  ];
}

/** Kubernetes reads `$(NAME)` in a value as a reference, and `$$` as a dollar. */
function literal(name: string, value: string | number): EnvVar {
  return { name, value: String(value).replaceAll("$", "$$$$") };
}
