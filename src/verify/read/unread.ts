import { CONNECTS_TO_ANNOTATION, POOL_MAX_ANNOTATION } from "../../api/names.ts";
import { isMapping } from "../../json/fields.ts";
import type { Knowledge } from "../knowledge/knowledge.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import { imagePath, type Container, type Workload } from "../workload.ts";
import type { AddressBook } from "./addresses.ts";
import { targetRemedy } from "./annotations.ts";
import { isDatabaseName, isLocation } from "./connectionTargets.ts";
import { Field } from "./field.ts";
import { groupOf, type Inventory } from "./inventory.ts";
import { hostsIn } from "./mentions.ts";
import { hasMoreThanPgBouncer, isPgBouncer } from "./pgbouncerPods.ts";
import type { Destinations } from "./destinations.ts";

// What may open connections and that weir does not read: other programs, sources of variables and
// files that are not among the objects, and objects of other kinds.

/** The missing numbers of a container with another pooler, or programs beside its PgBouncer. */
export function unreadProgram(
  workload: Workload,
  container: Container,
  { poolers, knowledge }: Destinations,
): readonly MissingQuantity[] {
  const { name, place, imagePlace } = container;
  if (isPgBouncer(container)) {
    if (!hasMoreThanPgBouncer(container)) return [];
    const what = `what container ${name} opens besides the PgBouncer that its command starts`;
    const remedy = `annotate its pods with ${CONNECTS_TO_ANNOTATION}: "${name}=localhost:PORT/DATABASE?user=LOGIN" and ${POOL_MAX_ANNOTATION}, or "${name}=none"`;
    return [missing(what, place, remedy)];
  }
  if (poolers.length === 0 || !isOtherPooler(container, knowledge)) return [];
  const what = `what the pooler in container ${name} of ${workload.key} opens, and where: weir reads PgBouncer's configuration alone`;
  return [missing(what, imagePlace, OTHER_REMEDY)];
}

function isOtherPooler(container: Container, { poolers }: Knowledge): boolean {
  const path = imagePath(container).toLowerCase();
  const name = path.slice(path.lastIndexOf("/") + 1);
  const words = poolers.flatMap(({ images }) => images);
  return words.some((word) => name.includes(word)) && !/exporter|metrics/.test(path);
}

const OTHER_REMEDY = `annotate its pods with ${CONNECTS_TO_ANNOTATION} (where it connects to, or "none" if it connects to none of these Postgres servers) and ${POOL_MAX_ANNOTATION}`;

/**
 * The missing target of a container that names no pooler, while a part of its environment or files
 * is not among the objects.
 */
export function unreadEnvironment(
  workload: Workload,
  { name, environment, files }: Container,
  { poolers }: Destinations,
): readonly MissingQuantity[] {
  if (poolers.length === 0) return [];
  const mounts = files.unknown.filter((mount) => !KEYS.test(mount.name) && !KEYS.test(mount.path));
  const [first] = [
    ...environment.unknown.map((source) => ({ ...source, how: "environment is from" })),
    ...mounts.map((mount) => ({ ...mount, how: "files are from" })),
  ];
  if (first === undefined) return [];
  const what = `whether container ${name} of ${workload.key} connects to a pooler: ${first.name}, which its ${first.how}, is not among the objects`;
  return [missing(what, first.place, `give ${first.name} too, or ${targetRemedy(workload, name)}`)];
}

/** Names of what holds certificates, keys and passwords, and no configuration. */
const KEYS =
  /(?:^|[-_./])(?:tls|ssl|m?tls|certs?|certificates?|pki|ca|ca-bundle|tokens?|keys?|keystore|truststore|ssh|password|credentials?|license|pull-?secret)(?:[-_./]|$)/i;

/**
 * Groups whose objects are read elsewhere, or open no connections by themselves: they route, watch,
 * hold data or permit.
 */
const SILENT =
  /^(?:|apps|batch|autoscaling|policy|weir\.dev|(?:.+\.)?(?:k8s\.io|istio\.io|linkerd\.io|traefik\.io|coreos\.com|cilium\.io|cert-manager\.io|external-secrets\.io|bitnami\.com))$/;

/**
 * Objects of kinds that weir doesn't read (a CronWorkflow, a Task, a HelmRelease, a trigger of KEDA)
 * and that name a pooler: what they open is in no sum.
 */
export function unreadKinds(
  inventory: Inventory,
  book: AddressBook,
  isRead: (object: ManifestObject) => boolean,
): readonly MissingQuantity[] {
  return inventory.objects.flatMap((object) => {
    const root = Field.of(object);
    const key = objectOf(root.place());
    if (SILENT.test(groupOf(object)) || isRead(object)) return [];
    if (inventory.annotation(CONNECTS_TO_ANNOTATION, root.at("metadata")) !== undefined) return [];
    const named = firstOf(root, (field, name) =>
      leadsToPooler(field, name, object.namespace, book),
    );
    if (named === undefined) return [];
    const what = `what ${key} opens: it names a pooler, and weir doesn't read objects of its kind`;
    const remedy = `annotate it with ${CONNECTS_TO_ANNOTATION}: "none" when its connections are counted elsewhere, as in a workload or in the reserve`;
    return [missing(what, named.place(), remedy)];
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
  return hosts.some(({ host, port }) => book.poolerAt(host, port, namespace) !== undefined);
}
