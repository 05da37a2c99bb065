import { isObject, KUBE_NAME } from "./kubeAnswer.ts";
import { KubeError } from "./kubeError.ts";
import type { KubeObject, Listed } from "./list.ts";

/** Where the API has one object. The caller knows it: the API server is not asked for plurals. */
export interface ObjectPlace extends Listed {
  /** Absent: objects of the kind belong to the whole cluster. */
  readonly namespace?: string;
  readonly name: string;
}

/**
 * The path of the list that an object is in: where it is created.
 *
 * @throws KubeError when the namespace is no name, and would make another path of it
 */
export function listPath({ apiVersion, plural, namespace }: Omit<ObjectPlace, "name">): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (namespace === undefined) return `${group}/${plural}`;
  return `${group}/namespaces/${checked(namespace)}/${plural}`;
}

/**
 * The path of an object.
 *
 * @throws KubeError when a name is none
 */
export function objectPath(place: ObjectPlace): string {
  return `${listPath(place)}/${checked(place.name)}`;
}

function checked(name: string): string {
  if (KUBE_NAME.test(name)) return name;
  throw new KubeError(`${JSON.stringify(name)} is no name that an object can have`);
}

/** How messages call it: `Lease writing/weir`. */
export function objectTitle({ kind, namespace, name }: Omit<ObjectPlace, "plural">): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** Whether an API server's answer is an object of this kind. */
export function isObjectOf(
  { kind, apiVersion }: Pick<Listed, "kind" | "apiVersion">,
  body: unknown,
): body is KubeObject {
  return isObject(body) && body["kind"] === kind && body["apiVersion"] === apiVersion;
}

/** The version that a compare-and-swap compares; empty for what no API server answered. */
export function resourceVersionOf({ metadata }: Readonly<Record<string, unknown>>): string {
  const version = isObject(metadata) ? metadata["resourceVersion"] : undefined;
  return typeof version === "string" ? version : "";
}
