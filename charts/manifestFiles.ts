import { keyOf } from "../src/api/fleet.ts";
import { header, manifestStream, sumLine, type Manifest } from "../src/render/manifest.ts";
import type { PlannedBudget } from "../src/budget/planFleet.ts";
import type { Tryout } from "../src/render/tryout.ts";
import { namespace } from "./namespace.ts";
import { serverObjects } from "./serverObjects.ts";
import { tierObjects } from "./tierObjects.ts";
import { tryoutPostgres } from "./tryoutPostgres.ts";

/** A file of manifests. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The files that a fleet becomes, one at a time, since those of a large fleet fill a memory.
 * `kubectl apply -f FOLDER` takes them in the order of their names: namespaces, then the Postgres
 * for trying out if there is one, PgBouncers, servers. Names differ by `NAMESPACE.NAME`,
 * since no name has a dot.
 *
 * @param planned of a feasible plan
 */
export function* manifestFiles(
  planned: readonly PlannedBudget[],
  tryouts: readonly Tryout[],
): Generator<ManifestFile> {
  yield* file("00-namespaces.yaml", {
    from: "the namespaces of its budgets",
    manifests: namespacesOf(planned).map(namespace),
  });
  for (const tryout of tryouts) {
    yield* file(`05-${tryout.namespace}.${tryout.name}-tryout.yaml`, {
      from: tryout.budgets.map(({ budget }) => `ConnectionBudget ${keyOf(budget)}`).join(", "),
      note: "# A Postgres for trying out: it forgets everything with its pod. Not for data.\n",
      manifests: tryoutPostgres(tryout),
    });
  }
  for (const { budget, plan } of planned) {
    const { name, namespace: where } = budget.metadata;
    yield* file(`10-${where}.${name}-pgbouncer.yaml`, {
      from: `ConnectionBudget ${keyOf(budget)}`,
      note: sumLine(plan),
      manifests: tierObjects(budget, plan),
    });
  }
  for (const { budget, servers } of planned) {
    for (const { server, plan } of servers) {
      yield* file(`20-${server.metadata.namespace}.${server.metadata.name}.yaml`, {
        from: `McpServer ${keyOf(server)}`,
        manifests: serverObjects(server, budget, plan),
      });
    }
  }
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

/** The file of these manifests; none when there are none. */
function* file(
  name: string,
  parts: { readonly from: string; readonly note?: string; readonly manifests: readonly Manifest[] },
): Generator<ManifestFile> {
  const { from, note = "", manifests } = parts;
  if (manifests.length > 0) yield { name, text: header(from) + note + manifestStream(manifests) };
}
