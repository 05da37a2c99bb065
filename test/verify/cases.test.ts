import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import { main, processShell } from "../../src/cli/main.ts";

/**
 * Systems of a kind that people have, each with its right answer: a file or folder of cases/ is
 * given to the real command line.
 */
interface Case {
  /** In cases/: a file or a folder. */
  readonly file: string;
  readonly exitCode: number;
  /** What the output, or standard error, must contain. */
  readonly says: readonly (string | RegExp)[];
  /** What stands after the path. */
  readonly args?: readonly string[];
}

// In the order of their names.
const CASES: readonly Case[] = [
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
      "Missing: max_client_conn of this image",
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
      /20 {2}Deployment shop\/direct, container direct, past every PgBouncer: 2 replicas × 10/,
    ],
  },
  {
    file: "33-zalando-credentials-secret.yaml",
    exitCode: 4,
    says: [
      "Cannot tell: 2 missing",
      "for auth_query (pooler)",
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
    says: [/largest\s+uniform\s+pool\s+that\s+fits\s+is\s+9\./],
  },
  {
    file: "39-psql-job.yaml",
    exitCode: 0,
    says: ["✓ Proved: 2 sums hold", "psql's one"],
  },
  { file: "41-monitor-twice.yaml", exitCode: 0, says: ["✓ Proved: 2 sums hold"] },
  {
    file: "46-no-line-no-client.yaml",
    exitCode: 4,
    says: ["Nothing to prove: no database line and no client"],
  },
  { file: "48-host-with-one-dot.yaml", exitCode: 4, says: ["Postgres db-host.com:5432"] },
  // One question for ten equal containers.
  {
    file: "50-ten-questions-for-ten-twins.yaml",
    exitCode: 4,
    says: [
      "Cannot tell: 1 missing",
      "--annotate 'Deployment shop/t0,t1,t2,t3,t4,t5,t6,t7,t8,t9:weir.dev/pool-max=N'",
    ],
  },
  {
    file: "50-ten-questions-for-ten-twins.yaml",
    args: ["--annotate", "Deployment shop/t0,t1,t2,t3,t4,t5,t6,t7,t8,t9:weir.dev/pool-max=3"],
    exitCode: 0,
    says: ["60  ≤ 60"],
  },
  { file: "42-kubedb.yaml", exitCode: 3, says: ["3 replicas × 20", "> 20: max_client_conn 20"] },
  {
    file: "20-utf16",
    exitCode: 3,
    says: ["100  Deployment shop/orders, container orders: 5 replicas × 20", "130  > 60"],
  },
  { file: "29-quoted-over-lines.yaml", exitCode: 0, says: ["✓ Proved: 2 sums hold"] },
  {
    file: "30-chart-without-namespaces.yaml",
    exitCode: 0,
    says: ["Proved: 2 sums hold", /the 6 objects that name none will be in\s+namespace shop/],
  },
  {
    file: "30-chart-without-namespaces.yaml",
    args: ["--namespace", "shop"],
    exitCode: 0,
    says: ["Proved: 2 sums hold", "Deployment shop/web"],
  },
  {
    file: "44-flux-target-namespace.yaml",
    exitCode: 4,
    says: ["HelmRelease default/files", "Pooler database/pooler"],
  },
  {
    file: "45-ini-and-its-secret",
    exitCode: 0,
    says: ["Proved: 2 sums hold", /pgbouncer\.ini is the text in Secret\s+shop\/pooler/],
  },
  { file: "47-json-stream.json", exitCode: 4, says: ["no PgBouncer found in 2 objects"] },
  {
    file: "60-envoy-before-the-pooler.yaml",
    exitCode: 4,
    says: ["who connects to Deployment shop/envoy"],
  },
  {
    file: "61-spark-application.yaml",
    exitCode: 4,
    says: ["SparkApplication shop/orders", "it names a pooler"],
  },
  { file: "62-included-file-is-absent.yaml", exitCode: 4, says: ["max_connections of Postgres"] },
  { file: "63-included-file-sets-less.yaml", exitCode: 4, says: ["max_connections of Postgres"] },
  { file: "64-client-beside-its-postgres.yaml", exitCode: 3, says: ["10 + 95 = 105 > 97"] },
  { file: "65-flag-with-a-hidden-url.yaml", exitCode: 4, says: ["Secret shop/shop u is not"] },
  // One container hosts fifteen servers: 15 × 10 + 10 = 160, 1 × 10 + 10 = 20.
  {
    file: "origin-compose",
    exitCode: 4,
    says: ["Cannot tell: 1 missing", "seems to run many programs: MCP_SERVERS is a list"],
  },
  {
    file: "66-postgres-with-a-load-balancer.yaml",
    exitCode: 4,
    says: [
      /clients outside of the cluster open on StatefulSet shop\/pg, past\s+every PgBouncer/,
      "--annotate 'Service shop/pg-ext:weir.dev/outside-clients=N'",
    ],
  },
  {
    file: "66-postgres-with-a-load-balancer.yaml",
    args: ["--annotate", "Service shop/pg-ext:weir.dev/outside-clients=0"],
    exitCode: 0,
    says: ["✓ Proved"],
  },
  {
    file: "66-postgres-with-a-load-balancer.yaml",
    args: ["--annotate", "Service shop/pg-ext:weir.dev/outside-clients=100"],
    exitCode: 3,
    says: [
      /100 {2}clients outside of the cluster, of StatefulSet shop\/pg, past\s+every PgBouncer/,
    ],
  },
  { file: "70-pg-dump-in-a-shell.yaml", exitCode: 3, says: ["82  > 80"] },
  { file: "71-pghost-in-a-shell.yaml", exitCode: 3, says: ["97 + 1 = 98 > 97"] },
  { file: "72-pg-dump-in-bash.yaml", exitCode: 3, says: ["97 + 1 = 98 > 97"] },
  { file: "73-airflow-behind-its-entrypoint.yaml", exitCode: 4, says: ["each of its tasks"] },
  { file: "74-one-shot-commands.yaml", exitCode: 0, says: ["✓ Proved: 2 sums hold"] },
  { file: "75-over-by-a-default-alone.yaml", exitCode: 4, says: ["40, if what is assumed holds"] },
  ...[
    { file: "origin-compose", processes: 15, exitCode: 0, says: ["160  ≤ 200: max_client_conn"] },
    { file: "origin-compose", processes: 1, exitCode: 0, says: ["20  ≤ 200: max_client_conn"] },
    {
      file: "origin-compose-100",
      processes: 15,
      exitCode: 3,
      says: ["160  > 100: max_client_conn"],
    },
    { file: "origin-compose-100", processes: 1, exitCode: 0, says: ["20  ≤ 100: max_client_conn"] },
  ].map(({ processes, ...one }) => ({
    ...one,
    args: [
      ["--annotate", `service mcp-servers:weir.dev/processes-per-pod=${processes}`],
      ["--annotate", "service mcp-servers:weir.dev/pool-max=10"],
    ].flat(),
  })),
  // What stands beside a kustomization and is not in it is not applied.
  { file: "unlisted-file", exitCode: 0, says: ["2 sums hold", /api-old\.yaml is not\s+applied/] },
  { file: "unlisted-file", args: ["--strict"], exitCode: 4, says: [/whether \S+api-old\.yaml is/] },
  {
    file: "unlisted-file",
    args: [join(import.meta.dirname, "cases/unlisted-file/api-old.yaml")],
    exitCode: 3,
    says: ["Deployment a/api-old, container api"],
  },
  // docker compose starts the services of COMPOSE_PROFILES in .env alone.
  { file: "compose-profiles", exitCode: 0, says: ["Proved: 2 sums hold", "Left out: vpn"] },
  { file: "compose-profiles", args: ["--profile", "*"], exitCode: 4, says: ["service vpn"] },
  // One value of a store is one question, whatever the variables are called.
  {
    file: "two-helmreleases-same-question.yaml",
    exitCode: 4,
    says: [
      "Cannot tell: 1 missing",
      "{{ .POSTGRES_HOST }} of its Secret",
      "--annotate 'HelmRelease media/radarr,sonarr:weir.dev/connects-to=none'",
    ],
  },
  // The image's own entrypoint does not run: its variables and its defaults say nothing.
  {
    file: "80-command-is-a-mounted-script.yaml",
    exitCode: 3,
    says: ["50  > 10: max_client_conn 10"],
  },
  { file: "81-entrypoint-names-ini", exitCode: 3, says: ["30  > 10: max_client_conn 10"] },
  {
    file: "82-entrypoint-not-given.yaml",
    exitCode: 4,
    says: ["Cannot tell: 1 missing", /command runs\s+\/opt\/start\.sh in place/],
  },
  // An overlay makes nothing without its base.
  { file: "overlay-alone", exitCode: 0, says: ["2 sums hold", /api-old\.yaml is not\s+applied/] },
  {
    file: "overlay-alone/prod",
    exitCode: 4,
    says: ["Cannot tell", /what kustomize makes of \S+base:/, "kubectl kustomize"],
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
];

const FOLDER = join(import.meta.dirname, "cases");
const SHELL = processShell();

async function verified({ file, args = [] }: Case) {
  const said: string[] = [];
  const out = (text: string): void => void said.push(text);
  const shell = { ...SHELL, out, err: out, colour: false, columns: 100 };
  const exitCode = await main(["verify", join(FOLDER, file), ...args], shell);
  return { exitCode, said: said.join("") };
}

test.each(CASES)("$file $args exits with $exitCode", async (one) => {
  const { exitCode, said } = await verified(one);
  // With all that was said, where it is another one.
  expect({ exitCode, said }).toEqual({ exitCode: one.exitCode, said });
  for (const text of one.says) expect(said).toMatch(text);
});

it("has a row for everything in its folder", () => {
  const files = new Set(CASES.map(({ file }) => file.split("/")[0]));
  expect(readdirSync(FOLDER).filter((name) => !files.has(name))).toEqual([]);
});
