import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import { main, processShell } from "../../src/cli/main.ts";
import { CASES_BY_NAME } from "./casesByName.ts";
import { CASES_TO_39 } from "./casesTo39.ts";
import type { VerifyCase } from "./verifyCase.ts";

// In the order of their names.
const CASES: readonly VerifyCase[] = [
  ...CASES_TO_39,
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
  { file: "76-console-exporter.yaml", exitCode: 0, says: ["✓ Proved"] },
  { file: "77-postgres-exporter.yaml", exitCode: 0, says: ["✓ Proved"] },
  { file: "78-prometheus-config-not-given.yaml", exitCode: 0, says: ["✓ Proved"] },
  { file: "79-url-in-shell-snippet.yaml", exitCode: 0, says: ["✓ Proved"] },
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
  // What Kustomize and Flux make of the files: components, patches, variables.
  {
    file: "flux-component",
    exitCode: 0,
    says: ["4 sums hold", "40  ≤ 100", "30  ≤ 100", "72  ≤ 97"],
  },
  {
    file: "flux-unlisted-app",
    exitCode: 0,
    says: ["30  ≤ 100", /old\/ks\.yaml is not\s+applied,\s+nor what\s+it alone would apply/],
  },
  { file: "flux-two-clusters", exitCode: 3, says: ["× 6 replicas ×", "264  > 97"] },
  { file: "overlays-of-one-base", exitCode: 3, says: ["20  ≤ 100", "130  > 100"] },
  {
    file: "secret-of-another-namespace.yaml",
    exitCode: 4,
    says: ["Cannot tell: 1 missing", "--annotate 'Deployment shop/shop:weir.dev/pool-max=N'"],
  },
  {
    file: "secret-of-another-namespace.yaml",
    args: ["--annotate", "Deployment shop/shop:weir.dev/pool-max=10"],
    exitCode: 0,
    says: ["line shop by *"],
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
  {
    file: "helmreleases-that-name-secrets.yaml",
    exitCode: 4,
    says: ["Cannot tell: 2 missing", "Secret data/notes-environment", "Secret data/wiki-database"],
  },
  {
    file: "mounted-ini-of-an-unknown-image",
    exitCode: 4,
    says: ["Cannot tell: 1 missing", "whether container reports of service reports starts"],
  },
  {
    file: "mounted-ini-of-an-unknown-image",
    args: ["--annotate", "service reports:weir.dev/connects-to=none"],
    exitCode: 0,
    says: ["Proved: 2 sums hold"],
  },
  // The image's own entrypoint does not run: its variables and its defaults say nothing.
  {
    file: "80-command-is-a-mounted-script.yaml",
    exitCode: 3,
    says: ["50  > 10: max_client_conn 10"],
  },
  { file: "81-entrypoint-names-ini", exitCode: 3, says: ["30  > 10: max_client_conn 10"] },
  { file: "ini-copied-by-init.yaml", exitCode: 3, says: ["60  > 50", "400  > 97"] },
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
    says: ["Cannot tell", /what kustomize makes of \S+base:/, /kubectl\s+kustomize/],
  },
  {
    file: "83-line-name-from-missing-secret.yaml",
    exitCode: 3,
    says: ["30  > 10: max_client_conn 10"],
  },
  {
    file: "84-bitnami-names-without-prefix.yaml",
    exitCode: 3,
    says: [
      "210  > 100: PgBouncer's default 100",
      /does\s+not\s+read\s+MAX_CLIENT_CONN;\s+it\s+reads\s+PGBOUNCER_MAX_CLIENT_CONN/,
    ],
  },
  {
    file: "85-settings-in-a-mounted-folder",
    exitCode: 3,
    says: ["95: how many connections a process of container worker opens", "110  > 100"],
  },
  {
    file: "86-password-in-angle-brackets.yaml",
    exitCode: 3,
    says: [/140 {2}> 97/],
  },
  {
    file: "87-password-in-angle-brackets-at-the-pooler.yaml",
    exitCode: 3,
    says: [/140 {2}> 50/],
  },
  {
    file: "88-pool-variable-in-the-singular.yaml",
    exitCode: 3,
    says: [/130 {2}> 100: max_client_conn 100/],
  },
  {
    file: "89-auth-file-beside-the-ini",
    exitCode: 0,
    says: [/96 {2}service pgbouncer, line w: .*2 roles \(a and b\)/],
  },
  {
    file: "90-datasource-in-a-mounted-folder",
    exitCode: 3,
    says: [/1 replica × 95 \(jsonData.maxOpenConns\)/, "110  > 100"],
  },
  {
    file: "91-exporter-alone.yaml",
    exitCode: 4,
    says: ["Cannot tell: 1 missing", "who connects to Deployment shop/pgbouncer"],
  },
  ...CASES_BY_NAME,
];

const FOLDER = join(import.meta.dirname, "cases");
const SHELL = processShell();

async function verified({ file, args = [] }: VerifyCase) {
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
