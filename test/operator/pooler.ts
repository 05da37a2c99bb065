import { Client } from "pg";
import { pgbouncerPlace, startPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import type { Certificate } from "../system/certificate.ts";
import type { Postgres } from "../parts/postgres.ts";

/** Who knows whom, with what password: all of them are looked for in every log and status. */
export const PASSWORDS = {
  weir_stats: "hush-stats-1",
  maintenance: "hush-maintenance-2",
  app: "hush-app-3",
  eye: "hush-eye-4",
} as const;

/** Makes role and database `app`, guarded but for its limit. */
export async function makeRole({ query }: Postgres, connectionLimit = -1): Promise<void> {
  await query(
    `CREATE ROLE app LOGIN PASSWORD '${PASSWORDS.app}' CONNECTION LIMIT ${connectionLimit}`,
  );
  await query("CREATE DATABASE app OWNER app");
}

/** Where it listens. */
export interface PoolerSpec {
  /** One address, or several as PgBouncer has them: `a, b`. */
  readonly ip: string;
  readonly port?: number;
  /** Nobody is let in without TLS then. */
  readonly tls?: Certificate;
  /** Further lines of [pgbouncer]. */
  readonly settings?: readonly string[];
}

/** A PgBouncer at an address of its own, with a line `author` and weir's two. */
export async function startPooler(
  postgres: Postgres,
  { ip, port = 6432, tls, settings = [] }: PoolerSpec,
): Promise<PgBouncer> {
  const place = { ...(await pgbouncerPlace()), port };
  const target = `host=127.0.0.1 port=${postgres.port} dbname=app user=app`;
  return startPgBouncer({
    place,
    main: "pgbouncer.ini",
    files: {
      "pgbouncer.ini": [
        "[databases]",
        `author = ${target} pool_size=5 max_db_client_connections=10`,
        `maintenance = ${target} pool_size=2 max_db_client_connections=4`,
        "[pgbouncer]",
        `listen_addr = ${ip}`,
        `listen_port = ${port}`,
        `unix_socket_dir = ${place.socketDir}`,
        "auth_type = scram-sha-256",
        `auth_file = ${place.userlistPath}`,
        "stats_users = weir_stats, eye",
        "pool_mode = transaction",
        "max_client_conn = 50",
        ...settings,
        ...(tls === undefined
          ? []
          : [
              "client_tls_sslmode = require",
              `client_tls_cert_file = ${place.dir}/tls.crt`,
              `client_tls_key_file = ${place.dir}/tls.key`,
            ]),
        "",
      ].join("\n"),
      ...(tls && { "tls.crt": tls.cert, "tls.key": tls.key }),
      "userlist.txt": Object.entries(PASSWORDS)
        .map(([login, password]) => `"${login}" "${password}"\n`)
        .join(""),
    },
  });
}

/** A client of line `author`. */
export async function authorClient(ip: string): Promise<Client> {
  const client = new Client({
    host: ip,
    port: 6432,
    user: "app",
    password: PASSWORDS.app,
    database: "author",
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}
