import { pgbouncerSelector, type Labels } from "../api/labels.ts";
import { fieldOf, itemsOf, textAt, textsOf, type Fields } from "../kube/fields.ts";
import type { KubeObject } from "../kube/list.ts";
import { poolHints, type PoolHints } from "./envNumbers.ts";
import { workloadKey } from "./cachedWorkload.ts";

/** What is kept of a pod that may hold connections. There may be tens of thousands. */
export interface CachedPod extends PoolHints {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip?: string;
  /** Its address is that of its node, and of other pods there. */
  readonly hostNetwork: boolean;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** The workload that made it, as workloadKey says it; absent when nothing did. */
  readonly madeBy?: string;
  /** Of a pod that nothing made: selectors are to find it. */
  readonly labels?: Labels;
  /** The budget whose PgBouncer runs in it. */
  readonly pgbouncerOf?: string;
}

/** Undefined for a pod that has ended: it holds nothing, and another may have got its address. */
export function toCachedPod(object: KubeObject): CachedPod | undefined {
  const metadata = fieldOf(object, "metadata");
  const status = fieldOf(object, "status");
  if (status["phase"] === "Succeeded" || status["phase"] === "Failed") return undefined;
  const namespace = textAt(metadata, "namespace") ?? "";
  const labels = textsOf(fieldOf(metadata, "labels"));
  const ip = textAt(status, "podIP");
  const owner = ownerOf(metadata, namespace, labels);
  const pgbouncerOf = budgetOf(labels);
  return {
    namespace,
    name: textAt(metadata, "name") ?? "",
    uid: textAt(metadata, "uid") ?? "",
    ...(ip !== undefined && { ip }),
    hostNetwork: fieldOf(object, "spec")["hostNetwork"] === true,
    ready: isReady(status),
    terminating: textAt(metadata, "deletionTimestamp") !== undefined,
    ...(owner === undefined ? { labels } : { madeBy: owner }),
    ...(pgbouncerOf !== undefined && { pgbouncerOf }),
    ...poolHints(object),
  };
}

/**
 * A ReplicaSet of a Deployment is called DEPLOYMENT-HASH, and its pods say that hash: so pods whose
 * Deployment and ReplicaSet are deleted already, and which still terminate, are known as its own.
 */
function ownerOf(metadata: Fields, namespace: string, labels: Labels): string | undefined {
  const owner = itemsOf(metadata["ownerReferences"]).find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  const kind = textAt(owner, "kind") ?? "";
  const name = textAt(owner, "name") ?? "";
  const end = `-${labels["pod-template-hash"] ?? ""}`;
  return kind === "ReplicaSet" && end !== "-" && name.endsWith(end)
    ? workloadKey("Deployment", namespace, name.slice(0, -end.length))
    : workloadKey(kind, namespace, name);
}

const INSTANCE_OF = Object.entries(pgbouncerSelector("*"));

/** The budget that weir's own labels name, where they say that a pod is its PgBouncer. */
function budgetOf(labels: Labels): string | undefined {
  const isOne = INSTANCE_OF.every(([key, value]) =>
    value === "*" ? labels[key] !== undefined : labels[key] === value,
  );
  const [instance] = INSTANCE_OF.find(([, value]) => value === "*") ?? [];
  return isOne && instance !== undefined ? labels[instance] : undefined;
}

function isReady(status: Fields): boolean {
  return itemsOf(status["conditions"]).some(
    ({ type, status: is }) => type === "Ready" && is === "True",
  );
}
