import { App, Chart } from "cdk8s";
import { keyOf } from "../src/api/fleet.ts";
import { addObjects } from "./apiObjects.ts";
import { header, sumLine } from "../src/render/header.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { McpServerWorkload } from "./mcpServerWorkload.ts";
import { namespace } from "./namespace.ts";
import { PgBouncerTier } from "./pgBouncerTier.ts";
import type { PlannedBudget } from "../src/render/planned.ts";
import { tryoutPostgres } from "./tryoutPostgres.ts";
import type { Tryout } from "../src/render/tryouts.ts";
import { yamlStream } from "../src/render/yaml.ts";

/** A file of manifests. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The files that a fleet becomes, one at a time, since those of a large fleet fill a memory.
 * `kubectl apply -f FOLDER` takes them in the order of their names: namespaces, then the Postgres
 * for trying out if there is one, PgBouncers, servers. Names are told apart by `NAMESPACE.NAME`,
 * since no name has a dot.
 *
 * @param planned of a feasible plan
 */
export function* manifestFiles(
  planned: readonly PlannedBudget[],
  tryouts: readonly Tryout[],
): Generator<ManifestFile> {
  yield* file("00-namespaces.yaml", header("the namespaces of its budgets"), (chart) =>
    addObjects(chart, namespacesOf(planned).map(namespace)),
  );
  for (const tryout of tryouts) yield* tryoutFile(tryout);
  for (const budget of planned) yield* tierFile(budget);
  for (const budget of planned) yield* serverFiles(budget);
}

/**
 * The namespaces to make. Not where weir makes nothing, and not those that every cluster has: what
 * else runs there must not be refused.
 */
function namespacesOf(planned: readonly PlannedBudget[]): readonly string[] {
  const made = planned.filter(({ budget }) => budget.spec.pgbouncer.existing === undefined);
  const names = new Set(made.map(({ budget }) => budget.metadata.namespace));
  return [...names].filter((name) => name !== "default" && !name.startsWith("kube-"));
}

function tryoutFile(tryout: Tryout): Generator<ManifestFile> {
  const { name, budgets } = tryout;
  const from = budgets.map(({ budget }) => `ConnectionBudget ${keyOf(budget)}`).join(", ");
  const note = "# A Postgres for trying out: it forgets everything with its pod. Not for data.\n";
  return file(`05-${tryout.namespace}.${name}-tryout.yaml`, header(from) + note, (chart) =>
    addObjects(chart, tryoutPostgres(tryout)),
  );
}

function tierFile({ budget, plan }: PlannedBudget): Generator<ManifestFile> {
  const { name, namespace: where } = budget.metadata;
  return file(
    `10-${where}.${name}-pgbouncer.yaml`,
    header(`ConnectionBudget ${keyOf(budget)}`) + sumLine(plan),
    (chart) => new PgBouncerTier(chart, "pgbouncer", { budget, plan }),
  );
}

function* serverFiles({ budget, servers }: PlannedBudget): Generator<ManifestFile> {
  for (const { server, plan } of servers) {
    yield* file(
      `20-${server.metadata.namespace}.${server.metadata.name}.yaml`,
      header(`McpServer ${keyOf(server)}`),
      (chart) => new McpServerWorkload(chart, "server", { server, budget, plan }),
    );
  }
}

/**
 * The file of what is built into a chart; none when there is nothing in it. Each has an App of its
 * own: one for all takes four times as long for twice the servers.
 */
function* file(
  name: string,
  comment: string,
  build: (chart: Chart) => unknown,
): Generator<ManifestFile> {
  const chart = new Chart(new App(), "weir");
  build(chart);
  const manifests: readonly Manifest[] = chart.toJson();
  if (manifests.length > 0) yield { name, text: comment + yamlStream(manifests) };
}
