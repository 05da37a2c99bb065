import { secretOf, type Secret } from "../../src/credentials/secrets.ts";
import { pgbouncerPlace, startPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import type { Postgres } from "../parts/postgres.ts";

/** What the incident's PgBouncer was set to, of [pgbouncer]. */
export interface ExistingSettings {
  readonly maxClientConn?: number;
  readonly poolSize?: number;
}

const ROLE = { user: "writing", password: "hush-writing" } as const;
const STATS = { user: "eye", password: "hush-eye" } as const;

/**
 * A PgBouncer that weir did not make, as in the incident: one line `writing` and one login for
 * everybody, 200 clients. It is no pod: it listens on 127.0.0.1.
 */
export function startExisting(
  { port }: Postgres,
  { maxClientConn = 200, poolSize = 20 }: ExistingSettings,
): Promise<PgBouncer> {
  return pgbouncerPlace().then((place) =>
    startPgBouncer({
      place,
      main: "pgbouncer.ini",
      files: {
        "userlist.txt": [ROLE, STATS]
          .map(({ user, password }) => `"${user}" "${password}"\n`)
          .join(""),
        "pgbouncer.ini": `[databases]
writing = host=127.0.0.1 port=${port} dbname=writing pool_size=${poolSize}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${place.port}
unix_socket_dir = ${place.socketDir}
auth_type = scram-sha-256
auth_file = ${place.userlistPath}
stats_users = ${STATS.user}
pool_mode = transaction
max_client_conn = ${maxClientConn}
`,
      },
    }),
  );
}

/** Secrets that its budget and its servers name: `writing-postgres` and `old-stats`. */
export function existingSecrets(namespace: string, budget: string): readonly Secret[] {
  return [
    secretOf({ namespace, name: "writing-postgres" }, budget, {
      username: ROLE.user,
      password: ROLE.password,
    }),
    secretOf({ namespace, name: "old-stats" }, budget, {
      username: STATS.user,
      password: STATS.password,
    }),
  ];
}
