import { connectionBudgetSchema, type ConnectionBudget } from "../api/connectionBudget.ts";
import { formatPath } from "../api/fieldPath.ts";
import type { Kind } from "../api/fieldSchema.ts";
import { mcpServerSchema, type McpServer } from "../api/mcpServer.ts";
import { checkObject } from "../fleet/objectCheck.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { fieldOf, numberAt, textAt } from "../kube/fields.ts";
import type { KubeObject } from "../kube/list.ts";
import type { ObservedObject } from "../model/budgetSnapshot.ts";
import { workloadKey } from "./cachedWorkload.ts";
import { POSTGRES_PORT } from "../api/names.ts";

/** An object of weir's, as the API server has it and as weir reads it. */
export interface CachedObject<T> {
  /** For writing its status onto this version of it. */
  readonly object: KubeObject;
  readonly observed: ObservedObject<T>;
}

export function toCachedBudget(object: KubeObject): CachedObject<ConnectionBudget> {
  return kept("ConnectionBudget", object, (written) => connectionBudgetSchema.safeParse(written));
}

export function toCachedServer(object: KubeObject): CachedObject<McpServer> {
  return kept("McpServer", object, (written) => mcpServerSchema.safeParse(written));
}

type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly error: unknown };

function kept<T>(
  kind: Kind,
  whole: KubeObject,
  parse: (written: unknown) => Parsed<T>,
): CachedObject<T> {
  const { managedFields: _, ...metadata } = fieldOf(whole, "metadata");
  const object: KubeObject = { ...whole, metadata };
  const name = textAt(metadata, "name") ?? "";
  const namespace = textAt(metadata, "namespace") ?? "";
  // Only what people write: of what the API server or a newer weir adds nothing is wrong.
  const { apiVersion, spec } = whole;
  const written = { apiVersion, kind, metadata: { name, namespace }, spec };
  const parsed = parse(written);
  return {
    object,
    observed: {
      namespace,
      name,
      uid: textAt(metadata, "uid") ?? "",
      generation: numberAt(metadata, "generation") ?? 0,
      creationTimestamp: textAt(metadata, "creationTimestamp") ?? "",
      parsed: parsed.success
        ? { ok: true, value: parsed.data }
        : { ok: false, problems: problemsOf(kind, written) },
      status: fieldOf(object, "status"),
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
  const ref = fieldOf(fieldOf(object, "spec"), "budgetRef");
  return `${observed.namespace}/${textAt(ref, "name") ?? ""}`;
}

/** `host:port` of a budget's Postgres, also where the rest of it can't be read. */
export function postgresOf({
  object,
  observed,
}: CachedObject<ConnectionBudget>): string | undefined {
  const written = fieldOf(fieldOf(object, "spec"), "postgres");
  const host = textAt(written, "host");
  if (host === undefined) return undefined;
  const postgres = { host, port: numberAt(written, "port") ?? POSTGRES_PORT };
  return formatPostgresAddress(postgresAddressOf({ metadata: observed, spec: { postgres } }));
}

/** The workload that runs a server: the one that it names, else the Deployment of its name. */
export function workloadKeyOf({ namespace, name, parsed }: ObservedObject<McpServer>): string {
  const ref = parsed.ok ? parsed.value.spec.workloadRef : undefined;
  return workloadKey(ref?.kind ?? "Deployment", namespace, ref?.name ?? name);
}
