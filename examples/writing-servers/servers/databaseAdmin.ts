import { z } from "zod";
import { single } from "../rows.ts";
import { tool, type Member } from "../tool.ts";

const count = z.int().min(0);
const health = z.object({ version: z.string(), maxConnections: count, readOnly: z.boolean() });
const table = z.object({ name: z.string(), rowsEstimated: count, bytes: count });
const migration = z.object({ name: z.string(), appliedAt: z.string() });
const connections = z.object({ state: z.string(), connections: count });

/** The database itself: what the incident's health check wanted to know. */
export const databaseAdmin: Member = {
  name: "database-admin",
  tools: [
    tool({
      name: "check_database",
      description:
        "Asks Postgres for its version, its limit of connections, and whether it writes.",
      effect: "reads",
      input: z.object({}),
      output: health,
      run: async (_, { database }) =>
        single(
          await database.query<z.infer<typeof health>>(
            `SELECT current_setting('server_version') AS version,
               current_setting('max_connections')::int AS "maxConnections",
               pg_is_in_recovery() AS "readOnly"`,
          ),
        ),
    }),
    tool({
      name: "show_pool",
      description: "This process' connection pool, and the servers that share it.",
      effect: "reads",
      input: z.object({}),
      output: z.object({
        servers: z.array(z.string()),
        limit: count,
        open: count,
        idle: count,
        waiting: count,
      }),
      run: async (_, { database, active }) => ({ servers: [...active], ...database.state() }),
    }),
    tool({
      name: "count_connections",
      description: "Connections of this database's role in Postgres, by what they do.",
      effect: "reads",
      input: z.object({}),
      output: z.object({ connections: z.array(connections) }),
      run: async (_, { database }) => ({
        connections: await database.query<z.infer<typeof connections>>(
          `SELECT coalesce(state, 'unknown') AS state, count(*)::int AS connections
           FROM pg_stat_activity WHERE usename = current_user GROUP BY 1 ORDER BY 1`,
        ),
      }),
    }),
    tool({
      name: "list_tables",
      description: "The tables, with their estimated rows and their size on disk.",
      effect: "reads",
      input: z.object({}),
      output: z.object({ tables: z.array(table) }),
      run: async (_, { database }) => ({
        tables: await database.query<z.infer<typeof table>>(
          `SELECT relname AS name, greatest(reltuples, 0)::int AS "rowsEstimated",
             pg_total_relation_size(oid)::float8 AS bytes
           FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema::regnamespace
           ORDER BY relname`,
        ),
      }),
    }),
    tool({
      name: "list_migrations",
      description: "The migrations that were applied, in their order.",
      effect: "reads",
      input: z.object({}),
      output: z.object({ migrations: z.array(migration) }),
      run: async (_, { database }) => ({
        migrations: await database.query<z.infer<typeof migration>>(
          `SELECT name, to_char(
             applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
           ) AS "appliedAt" FROM schema_migrations ORDER BY name`,
        ),
      }),
    }),
  ],
};
