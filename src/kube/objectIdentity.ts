import { isObject } from "./kubeAnswer.ts";
import { KubeError } from "./kubeError.ts";
import type { KubeObject } from "./list.ts";

/** What tells an object, and a state of it, from all others of its kind. */
export interface ObjectIdentity {
  /** `namespace/name`; the name alone when it is in no namespace. */
  readonly key: string;
  /** Another one when an object was deleted and made anew. */
  readonly uid: string;
  /** Another one after each change. */
  readonly resourceVersion: string;
}

/**
 * Who an object is.
 *
 * @throws KubeError when its metadata does not say so
 */
export function identityOf({ kind, metadata }: KubeObject): ObjectIdentity {
  if (isObject(metadata)) {
    const { name, namespace = "", uid, resourceVersion } = metadata;
    if (
      typeof name === "string" &&
      typeof namespace === "string" &&
      typeof uid === "string" &&
      typeof resourceVersion === "string"
    ) {
      return { key: namespace === "" ? name : `${namespace}/${name}`, uid, resourceVersion };
    }
  }
  throw new KubeError(`the API server told of a ${kind} without name, uid or resourceVersion`);
}

/** An object without `managedFields`, which are often the half of it: who set which field when. */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (!isObject(object["metadata"])) return object;
  const { managedFields: _, ...metadata } = object["metadata"];
  return { ...object, metadata };
}

/**
 * Whether a resourceVersion comes after another one of the same kind of objects. Kubernetes
 * promises since 1.35 that they are decimal numbers, and that they grow; other servers' may be
 * any text, and whatever differs is then taken for newer.
 */
export function isNewer(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return version !== than;
  return BigInt(version) > BigInt(than);
}
