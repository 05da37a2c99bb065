import type { LiveWorkload } from "../../model/workload.ts";
import { Field } from "../../verify/read/objects/field.ts";
import { ownerOf } from "../../verify/read/pods/workloads.ts";
import { objectOf, type ManifestObject } from "../../verify/sourcePosition.ts";

/** A pod that may hold connections, or a container of a compose project. */
export interface RunningPod {
  /** `Deployment writing/author`, `service author`; the pod itself where it has no owner. */
  readonly workload: string;
  readonly name: string;
  /** Every address that is its own; none where it has that of its node. */
  readonly addresses: readonly string[];
  readonly ready: boolean;
  readonly terminating: boolean;
}

/** @param objects pods, and the ReplicaSets that own them; others are left out */
export function runningPods(objects: readonly ManifestObject[]): readonly RunningPod[] {
  const deployments = new Map(
    objects
      .filter(({ kind }) => kind === "ReplicaSet")
      .flatMap((set) => {
        const owner = ownerOf(set);
        return owner === undefined ? [] : [[objectOf({ object: set }), owner] as const];
      }),
  );
  return podObjects(objects).map((pod) => {
    const owner = ownerOf(pod) ?? objectOf({ object: pod });
    return {
      workload: deployments.get(owner) ?? owner,
      name: pod.name,
      addresses: addressesOf(pod),
      ready: isReady(pod),
      terminating: Field.of(pod).at("metadata", "deletionTimestamp").exists,
    };
  });
}

/** The pods that have not ended: an ended pod holds nothing, and another may have its address. */
export function podObjects(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  return objects.filter((object) => {
    const phase = Field.of(object).text("status", "phase");
    return object.kind === "Pod" && phase !== "Succeeded" && phase !== "Failed";
  });
}

/** Of its two addresses (IPv4 and IPv6), the pod gets that which a PgBouncer has for a client. */
export function podOf(
  { name, addresses, ready, terminating }: RunningPod,
  clientAddresses: ReadonlySet<string>,
): LiveWorkload["pods"][number] {
  const address = addresses.find((each) => clientAddresses.has(each)) ?? addresses[0];
  return { name, ...(address !== undefined && { address }), ready, terminating };
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
