import type { VerifyCase } from "./verifyCase.ts";

/** The rows of cases/ whose numbers are below 40, in the order of their names. */
export const CASES_TO_39: readonly VerifyCase[] = [
  // What most of the others begin with.
  { file: "00-base-fits.yaml", exitCode: 0, says: ["✓ Proved: 2 sums hold"] },
  {
    file: "00-base-fits.yaml",
    args: ["--strict"],
    exitCode: 4,
    says: ["--annotate 'Deployment shop/web:weir.dev/processes-per-pod=1'"],
  },
  {
    file: "00-base-fits.yaml",
    args: ["--annotate", "Deployment shop/web:weir.dev/pool-max=abc"],
    exitCode: 2,
    says: ['found "abc"; must be a whole number from 1'],
  },
  {
    file: "01-helmrelease-hidden-url.yaml",
    exitCode: 4,
    says: [/DATABASE_URL of HelmRelease shop\/orders leads: Secret/, "helm template orders CHART"],
  },
  {
    file: "01-helmrelease-hidden-url.yaml",
    args: ["--annotate", "HelmRelease shop/orders:weir.dev/connects-to=none"],
    exitCode: 0,
    says: ["✓ Proved"],
  },
  {
    file: "02-openshift-template-hidden-url.yaml",
    exitCode: 4,
    says: [/DATABASE_URL of Template shop\/orders leads: Secret/, "oc process"],
  },
  {
    file: "04-optional-secret-key.yaml",
    exitCode: 4,
    says: [/DATABASE_URL of Deployment shop\/orders leads: Secret/],
  },
  {
    file: "06-csi-secret-volume.yaml",
    exitCode: 4,
    says: [
      /container orders of Deployment shop\/orders connects to a pooler: what Secrets\s+Store/,
    ],
  },
  {
    file: "08-bitnami-ini-elsewhere.yaml",
    exitCode: 3,
    says: [
      "does not read /etc/pgbouncer/pgbouncer.ini",
      "PgBouncer's default 100",
      "connects to database shop, for which",
    ],
  },
  { file: "10a-dramatiq.yaml", exitCode: 3, says: ["4 processes × 10", "= 70 > 60"] },
  { file: "10c-huey.yaml", exitCode: 3, says: ["4 processes × 10", "= 70 > 60"] },
  { file: "10e-own-entrypoint.yaml", exitCode: 3, says: ["4 processes × 10", "= 70 > 60"] },
  { file: "11-several-in-a-shell.yaml", exitCode: 3, says: ["4 processes × 10", "= 70 > 60"] },
  { file: "13a-max-workers.yaml", exitCode: 3, says: ["4 processes (MAX_WORKERS) × 10"] },
  { file: "13b-workers.yaml", exitCode: 3, says: ["4 processes (WORKERS) × 10"] },
  {
    file: "13d-authentik-web-workers.yaml",
    exitCode: 3,
    says: ["4 processes (AUTHENTIK_WEB__WORKERS)", "= 70 > 60"],
  },
  {
    file: "13e-streaming-cluster-num.yaml",
    exitCode: 3,
    says: ["4 processes (STREAMING_CLUSTER_NUM)", "= 70 > 60"],
  },
  {
    file: "14-pooler-open-to-the-outside.yaml",
    exitCode: 4,
    says: ["Service shop/pooler is of type LoadBalancer", "weir.dev/outside-clients"],
  },
  {
    file: "14-pooler-open-to-the-outside.yaml",
    args: ["--annotate", "Service shop/pooler:weir.dev/outside-clients=0"],
    exitCode: 0,
    says: ["✓ Proved"],
  },
  {
    file: "14-pooler-open-to-the-outside.yaml",
    args: ["--annotate", "Service shop/pooler:weir.dev/outside-clients=41"],
    exitCode: 3,
    says: [/41 +clients outside of the cluster/],
  },
  {
    file: "15-php-configuration.yaml",
    exitCode: 4,
    says: ["Deployment shop/orders, container orders: 5 replicas × ?"],
  },
  {
    file: "16a-host-in-another-name.yaml",
    exitCode: 3,
    says: ["Deployment shop/orders, container orders: 5 replicas × 20 (DB_POOL_MAX)"],
  },
  {
    file: "17-postgres-N.yaml",
    exitCode: 3,
    says: ["60  > 47: 50 max_connections"],
  },
  {
    file: "19-timescaledb-tune.yaml",
    exitCode: 3,
    says: ["60  > 47: 50 max_connections"],
  },
  {
    file: "21-pool-without-target.yaml",
    exitCode: 4,
    says: [/container orders of Deployment shop\/orders opens the connections of DB_POOL_MAX/],
  },
  // One database and one role: 3 × 10, in a rollout 60, and a few for auth_query, of 97.
  {
    file: "22-cnpg-quickstart-one-app.yaml",
    exitCode: 0,
    says: [
      "✓ Proved: 2 sums hold",
      "4 for auth_query (cnpg_pooler_pgbouncer)",
      /Assuming[^]*\n {2}4: how/,
    ],
  },
  // Asked in full it would be twice as many.
  {
    file: "22-cnpg-quickstart-one-app.yaml",
    args: ["--strict", "--annotate", "Deployment shop/orders:weir.dev/processes-per-pod=1"],
    exitCode: 4,
    says: [/\(auth_query\):\s+while\s+Postgres\s+answers\s+slowly/],
  },
  // 140 sidecars × 5; the ini has one line, so no pool for maintenance can exist.
  {
    file: "24-sidecar-phantom-slots.yaml",
    exitCode: 0,
    says: ["700  ≤ 800 (weir.dev/postgres-connections)"],
  },
  // 20 ≤ 29: only weir's own reserve does not fit.
  {
    file: "25-only-the-reserve-breaks.yaml",
    exitCode: 0,
    says: ["Deployment shop/pooler fits, with 9 left of the 10 that weir would keep", "20  ≤ 29"],
  },
  {
    file: "25-only-the-reserve-breaks.yaml",
    args: ["--reserve"],
    exitCode: 3,
    says: ["30  > 29: max_client_conn 29"],
  },
  { file: "26-compose.yaml", exitCode: 3, says: ["3 processes × 40 + 2 consoles + 4 maintenance"] },
  { file: "27-many-aliases.yaml", exitCode: 4, says: ["no PgBouncer found in 101 objects"] },
  {
    file: "31-cnpg-app-secret.yaml",
    exitCode: 0,
    says: [
      /20 {2}Deployment shop\/direct, container direct, past every PgBouncer by DATABASE_URL: 2 replicas ×\s+10/,
    ],
  },
  {
    file: "33-zalando-credentials-secret.yaml",
    exitCode: 4,
    says: [
      "Cannot tell: 2 missing",
      /at most 4 for auth_query\s+\(pooler\)/,
      "spec.connectionPooler.numberOfInstances",
      "spec.connectionPooler.maxDBConnections",
    ],
  },
  {
    file: "34-two-pool-variables.yaml",
    exitCode: 0,
    says: ["60  ≤ 60: max_client_conn 60"],
  },
  {
    file: "35-sqlalchemy-with-prefix.yaml",
    exitCode: 3,
    says: ["110  > 60: max_client_conn 60"],
  },
  // No PgBouncer, no line: 10 × 9 ≤ 97.
  {
    file: "38-advice-without-pgbouncer.yaml",
    exitCode: 3,
    says: [/no\s+pool\s+is\s+larger\s+than\s+9\./],
  },
  {
    file: "39-psql-job.yaml",
    exitCode: 0,
    says: ["✓ Proved: 2 sums hold", /one\s+connection\s+of\s+psql/],
  },
];
