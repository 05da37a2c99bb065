import type { KubeClient } from "./client.ts";
import { fieldOf, numberAt, textAt } from "../json/fields.ts";
import {
  isObjectOf,
  listPath,
  microTime,
  objectPath,
  readObject,
  resourceVersionOf,
  type KubeObject,
} from "./object.ts";
import { isRefusal, refusal } from "./refusal.ts";

/** Where a Lease is. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** A Lease as the API server has it. */
export interface LeaseRecord {
  /** Another one after each renewal. */
  readonly resourceVersion: string;
  /** Undefined: nobody. */
  readonly holder: string | undefined;
  /** How long the holder may count on it; undefined when it does not say. */
  readonly durationMs: number | undefined;
  readonly object: KubeObject;
}

/** Who is to hold a Lease from now on. */
interface LeaseHolding {
  /** Undefined: nobody, it is released. */
  readonly holder: string | undefined;
  /** Whole seconds, in milliseconds. */
  readonly durationMs: number;
  /** When it is written, in microseconds since 1970: another time than at the last write. */
  readonly atUs: number;
}

const KIND = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases" };

/** @throws KubeError when it can't be read; the signal's reason when that ends it */
export async function readLease(
  client: KubeClient,
  lease: LeaseName,
  signal: AbortSignal,
): Promise<LeaseRecord | undefined> {
  const object = await readObject(client, { ...KIND, ...lease }, signal);
  return object && recordOf(object);
}

/**
 * Writes a Lease onto what was read: onto that version, or where there was none.
 *
 * @param was undefined: there was none
 * @returns undefined when somebody else was faster
 * @throws KubeError when it can't be written; the signal's reason. It may be written all the same
 */
export async function writeLease(
  client: KubeClient,
  lease: LeaseName,
  was: LeaseRecord | undefined,
  holding: LeaseHolding,
  signal: AbortSignal,
): Promise<LeaseRecord | undefined> {
  const place = { ...KIND, ...lease };
  const { apiVersion, kind } = KIND;
  const empty = { apiVersion, kind, metadata: { namespace: lease.namespace, name: lease.name } };
  const answer = await client.request({
    method: was === undefined ? "POST" : "PUT",
    path: was === undefined ? listPath(place) : objectPath(place),
    body: { ...(was?.object ?? empty), spec: specFor(was, holding) },
    signal,
  });
  const { status, body } = answer;
  if ((status === 200 || status === 201) && isObjectOf(KIND, body)) return recordOf(body);
  const faster =
    isRefusal(answer, 409, "Conflict") ||
    isRefusal(answer, 409, "AlreadyExists") ||
    // Deleted since it was read.
    (was !== undefined && isRefusal(answer, 404, "NotFound"));
  if (faster) return undefined;
  throw refusal(client, "write", place, answer);
}

/** Times are for people to read: nobody here compares them. */
function specFor(was: LeaseRecord | undefined, { holder, durationMs, atUs }: LeaseHolding) {
  const { holderIdentity: _holder, ...old } = fieldOf(was?.object, "spec");
  const now = microTime(atUs);
  const count = numberAt(old, "leaseTransitions") ?? 0;
  const changes = holder !== undefined && was !== undefined && holder !== was.holder;
  return {
    ...old,
    ...(holder !== undefined && { holderIdentity: holder }),
    leaseDurationSeconds: durationMs / 1000,
    leaseTransitions: changes ? count + 1 : count,
    acquireTime: holder === undefined || holder === was?.holder ? old["acquireTime"] : now,
    renewTime: now,
  };
}

function recordOf(object: KubeObject): LeaseRecord {
  const durationS = numberAt(object, "spec", "leaseDurationSeconds");
  return {
    resourceVersion: resourceVersionOf(object),
    holder: textAt(object, "spec", "holderIdentity"),
    durationMs: durationS && durationS * 1000,
    object,
  };
}
