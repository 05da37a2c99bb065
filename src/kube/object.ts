import type { KubeClient } from "./client.ts";
import { fieldOf, isMapping, textAt } from "../json/fields.ts";
import { isRefusal, KubeError, refusal } from "./refusal.ts";

/** An object as the API server holds it: nothing is known of its fields but these. */
export type KubeObject = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly apiVersion: string;
};

/** A kind of objects, and where the API has them. */
export interface Listed {
  readonly kind: string;
  readonly apiVersion: string;
  /** As in a path: `deployments`. */
  readonly plural: string;
}

/** Where the API has one object. The caller knows it: the API server is not asked for plurals. */
export interface ObjectPlace extends Listed {
  /** Absent: objects of the kind belong to the whole cluster. */
  readonly namespace?: string;
  readonly name: string;
}

/** What the API server takes for a name; anything else could make another path of it. */
const KUBE_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/**
 * The path of all objects of a kind, of one namespace or of all; where they are created, too.
 *
 * @throws KubeError when the namespace is no name, and would make another path of it
 */
export function listPath({
  apiVersion,
  plural,
  namespace,
}: Omit<Listed, "kind"> & { readonly namespace?: string | undefined }): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (namespace === undefined) return `${group}/${plural}`;
  return `${group}/namespaces/${checkedName(namespace)}/${plural}`;
}

/**
 * The path of an object.
 *
 * @throws KubeError when a name is none
 */
export function objectPath(place: ObjectPlace): string {
  return `${listPath(place)}/${checkedName(place.name)}`;
}

function checkedName(name: string): string {
  if (KUBE_NAME.test(name)) return name;
  throw new KubeError(`${JSON.stringify(name)} is no name that an object can have`);
}

/**
 * Reads one object, as it is now.
 *
 * @returns undefined when there is none
 * @throws KubeError when it can't be read; the signal's reason when that ends it
 */
export async function readObject(
  client: KubeClient,
  place: ObjectPlace,
  signal?: AbortSignal,
): Promise<KubeObject | undefined> {
  const path = objectPath(place);
  const answer = await client.request({ method: "GET", path, ...(signal && { signal }) });
  const { status, body } = answer;
  // The object, and not its kind.
  const isAbsent =
    isRefusal(answer, 404, "NotFound") && textAt(body, "details", "name") === place.name;
  if (isAbsent) return undefined;
  if (status === 200 && isObjectOf(place, body)) return body;
  throw refusal(client, "read", place, answer);
}

/** Whether an API server's answer is an object of this kind. */
export function isObjectOf(
  { kind, apiVersion }: Pick<Listed, "kind" | "apiVersion">,
  body: unknown,
): body is KubeObject {
  return isMapping(body) && body["kind"] === kind && body["apiVersion"] === apiVersion;
}

/** The key, uid and version that identify a state of an object. */
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
  const [namespace, name, uid] = ["namespace", "name", "uid"].map((key) => textAt(metadata, key));
  const resourceVersion = resourceVersionOf({ metadata });
  if (name === undefined || uid === undefined || resourceVersion === "") {
    throw new KubeError(`the API server sent a ${kind} without name, uid or resourceVersion`);
  }
  return { key: namespace === undefined ? name : `${namespace}/${name}`, uid, resourceVersion };
}

/** The version that a compare-and-swap compares; empty for what no API server answered. */
export function resourceVersionOf(object: unknown): string {
  return textAt(object, "metadata", "resourceVersion") ?? "";
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

/** An object without `managedFields`, which are often the half of it: who set which field when. */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (!isMapping(object["metadata"])) return object;
  const { managedFields: _, ...metadata } = fieldOf(object, "metadata");
  return { ...object, metadata };
}

/**
 * A time as Kubernetes' MicroTime: six digits of a second, since it refuses any other number of
 * them.
 *
 * @param epochUs microseconds since 1970, a whole number
 */
export function microTime(epochUs: number): string {
  const ms = Math.floor(epochUs / 1000);
  const digits = `${epochUs - ms * 1000}`.padStart(3, "0");
  return new Date(ms).toISOString().replace("Z", `${digits}Z`);
}
