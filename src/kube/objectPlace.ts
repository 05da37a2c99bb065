import { isObject } from "./kubeAnswer.ts";
import { checkedName, listPath, type KubeObject, type Listed } from "./list.ts";

/** Where the API has one object. The caller knows it: the API server is not asked for plurals. */
export interface ObjectPlace extends Listed {
  /** Absent: objects of the kind belong to the whole cluster. */
  readonly namespace?: string;
  readonly name: string;
}

/**
 * The path of an object.
 *
 * @throws KubeError when a name is none
 */
export function objectPath(place: ObjectPlace): string {
  return `${listPath(place)}/${checkedName(place.name)}`;
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
