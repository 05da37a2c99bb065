import type { LiveWorkload } from "../../model/workload.ts";
import { Field } from "../../verify/read/field.ts";
import { ownerOf } from "../../verify/read/workloads.ts";
import { objectOf, type ManifestObject } from "../../verify/sourcePosition.ts";

/** A pod that may hold connections, and its workload. */
export interface RunningPod {
  /** `Deployment writing/author`; the pod itself where it has no owner. */
  readonly workload: string;
  /** Images and names of its containers. */
  readonly containers: readonly string[];
  /** Every address that is its own; none where it has that of its node. */
  readonly addresses: readonly string[];
  readonly object: ManifestObject;
  readonly name: string;
  readonly ready: boolean;
  readonly terminating: boolean;
}

/**
 * The pods that may hold connections: those that ended have none, and another pod may have got
 * their address.
 *
 * @param objects pods, and the ReplicaSets that own them; others are left out
 */
export function runningPods(objects: readonly ManifestObject[]): readonly RunningPod[] {
  const deployments = new Map(
    objects
      .filter(({ kind }) => kind === "ReplicaSet")
      .flatMap((set) => {
        const owner = ownerOf(set);
        return owner === undefined ? [] : [[objectOf({ object: set }), owner] as const];
      }),
  );
  return objects
    .filter((object) => object.kind === "Pod" && !hasEnded(object))
    .map((pod) => {
      const owner = ownerOf(pod);
      return {
        workload:
          owner === undefined ? objectOf({ object: pod }) : (deployments.get(owner) ?? owner),
        containers: containersOf(pod),
        addresses: addressesOf(pod),
        object: pod,
        name: pod.name,
        ready: isReady(pod),
        terminating: Field.of(pod).at("metadata", "deletionTimestamp").exists,
      };
    });
}

/**
 * A pod of a workload, or a container of a compose service; of two addresses (IPv4 and IPv6) the one
 * that a PgBouncer has as its client's.
 */
export function podOf(
  {
    name,
    addresses,
    ready,
    terminating = false,
  }: Pick<RunningPod, "name" | "addresses" | "ready"> & Partial<RunningPod>,
  clientAddresses: ReadonlySet<string>,
): LiveWorkload["pods"][number] {
  const address = addresses.find((each) => clientAddresses.has(each)) ?? addresses[0];
  return { name, ...(address !== undefined && { address }), ready, terminating };
}

export function isClient(
  { addresses }: Pick<RunningPod, "addresses">,
  clientAddresses: ReadonlySet<string>,
): boolean {
  return addresses.some((address) => clientAddresses.has(address));
}

function hasEnded(pod: ManifestObject): boolean {
  const phase = Field.of(pod).text("status", "phase");
  return phase === "Succeeded" || phase === "Failed";
}

function containersOf(pod: ManifestObject): readonly string[] {
  const containers = Field.of(pod).items("spec", "containers");
  return containers
    .flatMap((container) => [container.text("name"), container.text("image")])
    .filter((text) => text !== undefined);
}

function addressesOf(pod: ManifestObject): readonly string[] {
  const root = Field.of(pod);
  // It has its node's address, as others there do.
  if (root.at("spec", "hostNetwork").value === true) return [];
  const ips = root.items("status", "podIPs");
  const all = [root.at("status", "podIP"), ...ips.map((one) => one.at("ip"))];
  return [...new Set(all.flatMap((ip) => ip.text() ?? []).filter((ip) => ip !== ""))];
}

function isReady(pod: ManifestObject): boolean {
  const conditions = Field.of(pod).items("status", "conditions");
  return conditions.some(
    (one) => one.at("type").value === "Ready" && one.at("status").value === "True",
  );
}
