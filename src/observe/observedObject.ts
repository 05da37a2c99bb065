import { connectionBudgetSchema, type ConnectionBudget } from "../api/connectionBudget.ts";
import { formatPath } from "../api/fieldPath.ts";
import type { Kind } from "../api/fieldSchema.ts";
import { mcpServerSchema, type McpServer } from "../api/mcpServer.ts";
import { checkObject } from "../fleet/objectCheck.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { readStatus } from "../api/status.ts";
import { fieldOf, numberAt, textAt } from "../json/fields.ts";
import { withoutManagedFields, type KubeObject } from "../kube/object.ts";
import type { BudgetSnapshot, ObservedObject } from "../model/budgetSnapshot.ts";
import { POSTGRES_PORT } from "../api/names.ts";
import { namesOf, workloadKey } from "./cachedObjects.ts";

/** An object of weir's, as the API server has it and as weir reads it. */
export interface CachedObject<T> {
  /** For writing its status onto this version of it. */
  readonly object: KubeObject;
  readonly observed: ObservedObject<T>;
}

export function toCachedBudget(object: KubeObject): CachedObject<ConnectionBudget> {
  return toCached("ConnectionBudget", object, connectionBudgetSchema);
}

export function toCachedServer(object: KubeObject): CachedObject<McpServer> {
  return toCached("McpServer", object, mcpServerSchema);
}

interface Schema<T> {
  readonly safeParse: (
    written: unknown,
  ) => { readonly success: true; readonly data: T } | { readonly success: false };
}

function toCached<T>(kind: Kind, whole: KubeObject, schema: Schema<T>): CachedObject<T> {
  const object = withoutManagedFields(whole);
  const { namespace, name, uid } = namesOf(object);
  // Only what people write: of what the API server or a newer weir adds nothing is wrong.
  const { apiVersion, spec } = whole;
  const written = { apiVersion, kind, metadata: { name, namespace }, spec };
  const parsed = schema.safeParse(written);
  return {
    object,
    observed: {
      namespace,
      name,
      uid,
      generation: numberAt(object, "metadata", "generation") ?? 0,
      creationTimestamp: textAt(object, "metadata", "creationTimestamp") ?? "",
      parsed: parsed.success
        ? { ok: true, value: parsed.data }
        : { ok: false, problems: problemsOf(kind, written) },
      status: readStatus(fieldOf(object, "status")),
    },
  };
}

function problemsOf(kind: Kind, written: unknown): readonly string[] {
  return checkObject(kind, written, []).problems.map(({ path, found, allowed }) =>
    [`${formatPath(path)}:`, found === undefined ? allowed : `${found}; ${allowed}`].join(" "),
  );
}

/** The budget that a server names, `namespace/name`, also where the rest of it can't be read. */
export function budgetKeyOf({ object, observed }: CachedObject<McpServer>): string {
  return `${observed.namespace}/${textAt(object, "spec", "budgetRef", "name") ?? ""}`;
}

/** `host:port` of a budget's Postgres, also where the rest of it can't be read. */
export function postgresOf({
  object,
  observed,
}: CachedObject<ConnectionBudget>): string | undefined {
  const host = textAt(object, "spec", "postgres", "host");
  if (host === undefined) return undefined;
  const postgres = { host, port: numberAt(object, "spec", "postgres", "port") ?? POSTGRES_PORT };
  return formatPostgresAddress(postgresAddressOf({ metadata: observed, spec: { postgres } }));
}

/** The workload that runs a server: the workload that it names, else the Deployment of its name. */
export function workloadKeyOf({ namespace, name, parsed }: ObservedObject<McpServer>): string {
  const ref = parsed.ok ? parsed.value.spec.workloadRef : undefined;
  return workloadKey(ref?.kind ?? "Deployment", namespace, ref?.name ?? name);
}

/** What of a budget says where its PgBouncer is. */
export interface PlacedBudget {
  readonly metadata: Pick<ConnectionBudget["metadata"], "name" | "namespace">;
  readonly spec: {
    readonly pgbouncer: {
      readonly existing?: { readonly host: string; readonly port: number } | undefined;
    };
  };
}

/**
 * The Service of the cluster that `existing.host` may name, as `namespace/name`: `pg`, `pg.db`,
 * `pg.db.svc` and `pg.db.svc.cluster.local` do. Whether there is one is another question.
 */
export function serviceKeyOf({ metadata, spec }: PlacedBudget): string | undefined {
  const host = spec.pgbouncer.existing?.host.toLowerCase().replace(/\.$/, "");
  if (host === undefined || host.includes(":") || /^[\d.]+$/.test(host)) return undefined;
  const [name = "", namespace = metadata.namespace, ...rest] = host.split(".");
  const end = rest.join(".");
  return ["", "svc", "svc.cluster.local"].includes(end) ? `${namespace}/${name}` : undefined;
}

/** The most problems of an unreadable object that a message names. */
const PROBLEMS_MAX = 3;

/** The other budgets of the cluster, and those of the same Postgres that can't be read. */
export function budgetsSharingPostgres(
  budget: CachedObject<ConnectionBudget>,
  all: readonly CachedObject<ConnectionBudget>[],
): Pick<BudgetSnapshot, "neighbours" | "unreadNeighbours"> {
  const address = postgresOf(budget);
  const others = all.filter(({ observed }) => observed.uid !== budget.observed.uid);
  return {
    neighbours: others.flatMap(({ observed: { parsed } }) => (parsed.ok ? [parsed.value] : [])),
    unreadNeighbours: others
      .flatMap((other) => {
        const { namespace, name, parsed } = other.observed;
        if (parsed.ok || address === undefined || postgresOf(other) !== address) return [];
        const problems = parsed.problems.slice(0, PROBLEMS_MAX).join("; ");
        return [
          `ConnectionBudget/${name} of namespace ${namespace} shares Postgres ${address}: ${problems}`,
        ];
      })
      .toSorted(),
  };
}
