import { CONNECTS_TO_ANNOTATION } from "../../api/names.ts";
import { objectOf } from "../sourcePosition.ts";
import type { MissingQuantity } from "../system.ts";
import type { AddressBook } from "./addresses.ts";
import { hostsIn } from "./configFiles.ts";
import { isDatabaseName, isLocation } from "./databaseVariables.ts";
import { Field, isMapping } from "./field.ts";
import { missing } from "./quantities.ts";
import { groupOf, type Inventory } from "./inventory.ts";

/**
 * Groups whose objects are read elsewhere, or open no connections by themselves: they route, watch,
 * hold data or permit.
 */
const READ_OR_SILENT =
  /^(?:|apps|batch|autoscaling|policy|weir\.dev|(?:.+\.)?(?:k8s\.io|istio\.io|linkerd\.io|traefik\.io|coreos\.com|cilium\.io|cert-manager\.io|external-secrets\.io|bitnami\.com|cnpg\.io|zalan\.do|crunchydata\.com))$/;

/**
 * Objects of kinds that weir doesn't read (a CronWorkflow, a Task, a HelmRelease, a trigger of KEDA)
 * and that name a pooler: what they open nobody counts.
 */
export function unsupportedKinds(
  inventory: Inventory,
  book: AddressBook,
  isWorkload: (key: string) => boolean,
): readonly MissingQuantity[] {
  return inventory.objects.flatMap((object) => {
    const root = Field.of(object);
    const key = objectOf(root.place());
    if (READ_OR_SILENT.test(groupOf(object)) || isWorkload(key)) return [];
    if (inventory.annotation(CONNECTS_TO_ANNOTATION, root.at("metadata")) !== undefined) return [];
    const named = firstOf(root, (field, name) =>
      leadsToPooler(field, name, object.namespace, book),
    );
    if (named === undefined) return [];
    const what = `what ${key} opens: it names a pooler, and weir doesn't read objects of its kind`;
    const tell = `annotate it with ${CONNECTS_TO_ANNOTATION}: "none" when its connections are counted elsewhere, as in a workload or in the reserve`;
    return [missing(what, named.place(), tell)];
  });
}

/** The first text in a value, depth first, for which something holds. */
function firstOf(field: Field, holds: (field: Field, name: string) => boolean): Field | undefined {
  if (field.text() !== undefined) return holds(field, nameOf(field)) ? field : undefined;
  const children = isMapping(field.value) ? field.entries().map(([, one]) => one) : field.items();
  for (const child of children) {
    const found = firstOf(child, holds);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A field's own name; of the value in `{ name: PGHOST, value: pooler }` what is called so. */
function nameOf({ object, path }: Field): string {
  const last = path.at(-1);
  if (last !== "value") return String(last ?? "");
  return (
    Field.of(object)
      .at(...path.slice(0, -1), "name")
      .text() ?? "value"
  );
}

function leadsToPooler(field: Field, name: string, namespace: string, book: AddressBook): boolean {
  const text = field.text() ?? "";
  const isHost = isLocation(name) || isDatabaseName(name);
  const hosts = [...hostsIn(text), ...(isHost && /^[\w.-]+$/.test(text) ? [{ host: text }] : [])];
  return hosts.some(({ host, port }) => {
    const resolved = book.resolve(host, port, namespace);
    return resolved.kind === "found" && resolved.endpoints.some(({ kind }) => kind === "pooler");
  });
}
