import type { ConnectionBudget } from "../../api/connectionBudget.ts";
import { formatPath } from "../../api/fieldPath.ts";
import type { Kind } from "../../api/fieldSchema.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { checkObject } from "../../api/objectCheck.ts";
import { fieldOf, numberAt, textAt } from "../../kube/fields.ts";
import type { KubeObject } from "../../kube/list.ts";
import type { Observed } from "../snapshot.ts";
import { workloadKey } from "./keptWorkload.ts";

/** An object of weir's, as the API server has it and as weir reads it. */
export interface Kept<T> {
  /** For writing its status onto this version of it. */
  readonly object: KubeObject;
  readonly observed: Observed<T>;
}

export function keepBudget(object: KubeObject): Kept<ConnectionBudget> {
  return kept<ConnectionBudget>("ConnectionBudget", object);
}

export function keepServer(object: KubeObject): Kept<McpServer> {
  return kept<McpServer>("McpServer", object);
}

/** T must be what the kind's schema gives. */
function kept<T>(kind: Kind, whole: KubeObject): Kept<T> {
  const { managedFields: _, ...metadata } = fieldOf(whole, "metadata");
  const object: KubeObject = { ...whole, metadata };
  const { apiVersion, spec } = whole;
  const { name, namespace } = metadata;
  // Only what people write: of what the API server or a newer weir adds nothing is wrong.
  const written = {
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec,
  };
  const { value, problems } = checkObject(kind, written, []);
  return {
    object,
    observed: {
      namespace: textAt(metadata, "namespace") ?? "",
      name: textAt(metadata, "name") ?? "",
      uid: textAt(metadata, "uid") ?? "",
      generation: numberAt(metadata, "generation") ?? 0,
      creationTimestamp: textAt(metadata, "creationTimestamp") ?? "",
      parsed:
        problems.length === 0
          ? { ok: true, value: value as T }
          : {
              ok: false,
              problems: problems.map(({ path, found, allowed }) =>
                [`${formatPath(path)}:`, found === undefined ? allowed : `${found}; ${allowed}`].join(
                  " ",
                ),
              ),
            },
      status: fieldOf(object, "status"),
    },
  };
}

/** The budget that a server names, `namespace/name`, also where the rest of it can't be read. */
export function budgetKeyOf({ object, observed }: Kept<McpServer>): string {
  const ref = fieldOf(fieldOf(object, "spec"), "budgetRef");
  return `${observed.namespace}/${textAt(ref, "name") ?? ""}`;
}

/** The workload that runs a server: the one that it names, else the Deployment of its name. */
export function workloadKeyOf({ namespace, name, parsed }: Observed<McpServer>): string {
  const ref = parsed.ok ? parsed.value.spec.workloadRef : undefined;
  return workloadKey(ref?.kind ?? "Deployment", namespace, ref?.name ?? name);
}
