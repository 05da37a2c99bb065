import type { VerifyCase } from "./verifyCase.ts";

/** Rows of cases/ whose files have no number. */
export const CASES_BY_NAME: readonly VerifyCase[] = [
  {
    file: "managed-postgres-migrated-directly.yaml",
    exitCode: 4,
    says: ["--annotate 'Deployment shop/pooler:weir.dev/available-connections=N'"],
  },
  {
    file: "managed-postgres-migrated-directly.yaml",
    args: ["--annotate", "Deployment shop/pooler:weir.dev/available-connections=97"],
    exitCode: 0,
    says: ["≤ 97 (weir.dev/available-connections)"],
  },
  {
    file: "one-image-two-commands",
    exitCode: 4,
    says: [
      "Cannot tell: 1 missing",
      "--annotate 'service web:weir.dev/pool-max=N'",
      "--annotate 'service worker:weir.dev/pool-max=N'",
    ],
  },
  {
    file: "workers-that-may-be-threads.yaml",
    exitCode: 4,
    says: [/a sum is broken if it is\s+100, as assumed/],
  },
  {
    file: "secret-of-a-login",
    exitCode: 0,
    says: ["past every PgBouncer by DATA_SOURCE_URI", "12  ≤ 97"],
  },
  {
    file: "secret-called-conn-string.yaml",
    exitCode: 4,
    says: ["where REPORTS_STORE_CONN_STRING of Deployment shop/reports leads"],
  },
  {
    file: "pgcat-compose.yaml",
    exitCode: 4,
    says: ["Cannot tell: service pgcat runs PgCat, a pooler that weir can't read yet"],
  },
  {
    file: "pgcat-behind-pgbouncer.yaml",
    exitCode: 4,
    says: ["Cannot tell: 1 missing", "what Deployment shop/pgcat opens, and where: its container"],
  },
  { file: "reserved-line/compose.yaml", exitCode: 3, says: ["weir/reserved-line"] },
  {
    file: "renamed-bitnami-image.yaml",
    exitCode: 3,
    says: ["80: default_pool_size: image registry.example", "164  > 97"],
  },
  {
    file: "bitnami-line-name.yaml",
    exitCode: 3,
    says: ["30  > 20: max_client_conn 20", "120  > 97", "has no", "(it has postgres)"],
  },
  { file: "env-file-shared/compose.yaml", exitCode: 0, says: ["15  ≤ 100: max_client_conn 100"] },
  {
    file: "depends-on-postgres.yaml",
    exitCode: 4,
    says: [
      "Cannot tell: 1 missing",
      /whether service importer connects to Postgres db, which it depends on/,
      "--annotate 'service importer:weir.dev/connects-to=db:5432/database?user=login'",
    ],
  },
  {
    file: "depends-on-postgres.yaml",
    args: ["--annotate", "service importer:weir.dev/connects-to=none"],
    exitCode: 0,
    says: ["✓ Proved"],
  },
  {
    file: "init-waits-for-pooler.yaml",
    exitCode: 4,
    says: [
      "Cannot tell: 1 missing",
      /whether container worker of Deployment shelf\/worker connects to Deployment\s+shelf\/pooler/,
    ],
  },
  {
    file: "pool-by-java-flag.yaml",
    exitCode: 4,
    says: [
      "Cannot tell: 1 missing",
      /of service invoices opens the connections of\s+spring.datasource.hikari.maximum-pool-size/,
    ],
  },
  {
    file: "configuration-server.yaml",
    exitCode: 4,
    says: [
      "Cannot tell: 2 missing",
      /what\s+Spring\s+Cloud\s+Config\s+tells\s+it,\s+which\s+SPRING_CONFIG_IMPORT\s+asks/,
      /what\s+dotenv's\s+vault\s+tells\s+it,\s+which\s+DOTENV_KEY\s+asks/,
    ],
  },
  {
    file: "password-without-host.yaml",
    exitCode: 4,
    says: ["Cannot tell: 1 missing", /service labels connects, as PGPASSWORD says/],
  },
  {
    file: "named-and-unnamed.yaml",
    exitCode: 0,
    says: ["30  ≤ 100: max_client_conn 100", /calls Service\s+pgbouncer by its name alone/],
  },
  { file: "wait-with-nc.yaml", exitCode: 0, says: ["30  ≤ 100: max_client_conn 100"] },
  { file: "patroni-own-address.yaml", exitCode: 0, says: ["20  ≤ 100: max_client_conn 100"] },
  {
    file: "sidecar-other-port.yaml",
    exitCode: 4,
    says: [/to port 6432 of its own pod, where\s+PgBouncer listens on 5432/],
  },
  {
    file: "url-refers-to-later-variables.yaml",
    exitCode: 3,
    says: ["weir/no-such-database", "define DB_NAME before DATABASE_URL"],
  },
  {
    file: "postgres-wrapper-entrypoint/compose.yaml",
    exitCode: 0,
    says: ["25  ≤ 97: 100 max_connections − 3"],
  },
  {
    file: "postgres-in-shell/compose.yaml",
    exitCode: 0,
    says: ["20  ≤ 197: 200 max_connections − 3"],
  },
  {
    file: "published-pooler",
    exitCode: 4,
    says: ["--annotate 'service pgbouncer:weir.dev/outside-clients=N'"],
  },
  ...["0", "40"].map((count) => ({
    file: "published-pooler",
    args: ["--annotate", `service pgbouncer:weir.dev/outside-clients=${count}`],
    exitCode: 0,
    says: ["Proved"],
  })),
];
