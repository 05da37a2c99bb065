import { fieldOf, itemsOf } from "../../kube/fields.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import type { AuditObject } from "../../verify/sourcePosition.ts";

/** A pod that may hold connections, and the workload that made it. */
export interface RunningPod {
  /** `Deployment writing/author`; its own where nothing made it. */
  readonly workload: string;
  /** Images and names of its containers. */
  readonly containers: readonly string[];
  /** Every address that is its own; none where it has that of its node. */
  readonly addresses: readonly string[];
  readonly object: AuditObject;
  readonly ready: boolean;
  readonly terminating: boolean;
}

/**
 * The pods that may hold connections: those that ended have none, and another pod may have got
 * their address.
 *
 * @param objects pods, and the ReplicaSets that tell whose they are; others are left out
 */
export function runningPods(objects: readonly AuditObject[]): readonly RunningPod[] {
  const deployments = new Map(
    objects
      .filter(({ kind }) => kind === "ReplicaSet")
      .flatMap((set) => {
        const owner = ownerOf(set);
        return owner === undefined ? [] : [[keyOf(set), owner] as const];
      }),
  );
  return objects
    .filter((object) => object.kind === "Pod" && !hasEnded(object))
    .map((pod) => {
      const owner = ownerOf(pod);
      return {
        workload: owner === undefined ? keyOf(pod) : (deployments.get(owner) ?? owner),
        containers: containersOf(pod),
        addresses: addressesOf(pod),
        object: pod,
        ready: isReady(pod),
        terminating: fieldOf(pod.value, "metadata")["deletionTimestamp"] !== undefined,
      };
    });
}

/** As a workload tells them; of two addresses (IPv4 and IPv6) the one that was seen. */
export function podOf(
  { object, addresses, ready, terminating }: RunningPod,
  seen: ReadonlySet<string>,
): LiveWorkload["pods"][number] {
  const address = addresses.find((each) => seen.has(each)) ?? addresses[0];
  return { name: object.name, ...(address !== undefined && { address }), ready, terminating };
}

/** `Deployment writing/author`. */
export function keyOf({ kind, namespace, name }: AuditObject): string {
  return `${kind} ${namespace}/${name}`;
}

function ownerOf(object: AuditObject): string | undefined {
  const owner = itemsOf(fieldOf(object.value, "metadata")["ownerReferences"]).find(
    ({ controller }) => controller === true,
  );
  return owner === undefined
    ? undefined
    : `${String(owner["kind"])} ${object.namespace}/${String(owner["name"])}`;
}

function hasEnded(pod: AuditObject): boolean {
  const { phase } = fieldOf(pod.value, "status");
  return phase === "Succeeded" || phase === "Failed";
}

function containersOf(pod: AuditObject): readonly string[] {
  return itemsOf(fieldOf(pod.value, "spec")["containers"]).flatMap(({ name, image }) =>
    [name, image].filter((text): text is string => typeof text === "string"),
  );
}

function addressesOf(pod: AuditObject): readonly string[] {
  // It has its node's address, as others there do.
  if (fieldOf(pod.value, "spec")["hostNetwork"] === true) return [];
  const { podIP, podIPs } = fieldOf(pod.value, "status");
  const all = [podIP, ...itemsOf(podIPs).map(({ ip }) => ip)];
  return [...new Set(all.filter((ip): ip is string => typeof ip === "string" && ip !== ""))];
}

function isReady(pod: AuditObject): boolean {
  return itemsOf(fieldOf(pod.value, "status")["conditions"]).some(
    ({ type, status }) => type === "Ready" && status === "True",
  );
}
