import { pgbouncerSelector, type Labels } from "../api/labels.ts";
import { POOL_LIMIT_ANNOTATION } from "../api/names.ts";
import { fieldOf, itemsOf, numberAt, textAt, textsOf, type Fields } from "../json/fields.ts";
import type { KubeObject } from "../kube/object.ts";
import type { WorkloadSnapshot } from "../model/workload.ts";

/** A variable of a container whose value is a count; all others are left out. */
interface EnvNumber {
  readonly container: string;
  readonly name: string;
  readonly value: number;
}

/** The fields of a pod, or of a pod template, that may give the size of a pool. */
interface PoolHints {
  readonly env: readonly EnvNumber[];
  /** The annotation that a Live pool follows. */
  readonly limit?: number;
}

/** A size, and where it stands. */
interface PoolMax {
  readonly value: number;
  readonly from: string;
}

const COUNT = /^\d{1,9}$/;

/** @param pod a pod, or a workload's `spec.template` */
export function poolHints(pod: Fields): PoolHints {
  const limit = countAt(pod, "metadata", "annotations", POOL_LIMIT_ANNOTATION);
  const env = itemsOf(pod, "spec", "containers").flatMap((container) =>
    itemsOf(container, "env").flatMap((entry): EnvNumber[] => {
      const name = textAt(entry, "name");
      const value = countAt(entry, "value");
      if (name === undefined || value === undefined) return [];
      return [{ container: textAt(container, "name") ?? "", name, value }];
    }),
  );
  return { env, ...(limit !== undefined && { limit }) };
}

/**
 * What a process's pool may grow to. A Live pool follows its annotation, any other the variable;
 * where several containers have it, the largest counts, and within one the last, as kubelet has it.
 */
export function poolMaxOf(
  { env, limit }: PoolHints,
  pool: { readonly resize: "Static" | "Live"; readonly env: { readonly max: string } },
): PoolMax | undefined {
  if (pool.resize === "Live" && limit !== undefined) {
    return { value: limit, from: `annotation ${POOL_LIMIT_ANNOTATION}` };
  }
  const byContainer = new Map(
    env.filter(({ name }) => name === pool.env.max).map((entry) => [entry.container, entry]),
  );
  const [largest] = [...byContainer.values()].toSorted((a, b) => b.value - a.value);
  if (largest === undefined) return undefined;
  const { name, container, value } = largest;
  return { value, from: `env ${name} of container ${container}` };
}

function countAt(value: Fields, ...path: readonly string[]): number | undefined {
  const text = textAt(value, ...path)?.trim();
  return text !== undefined && COUNT.test(text) ? Number(text) : undefined;
}

/** What the copy has of a Deployment, StatefulSet or DaemonSet. */
export interface CachedWorkload
  extends PoolHints, Pick<WorkloadSnapshot, "kind" | "name" | "replicas" | "rollout"> {
  readonly namespace: string;
  /** Its label selector, as it is written. */
  readonly selector: Fields;
}

/** Namespace, name and uid of an object; empty if it has none. */
export function namesOf(object: KubeObject) {
  const at = (field: string) => textAt(object, "metadata", field) ?? "";
  return { namespace: at("namespace"), name: at("name"), uid: at("uid") };
}

/** `Deployment writing/author`: the name of a workload in the cluster. */
export function workloadKey(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

export function toCachedWorkload(object: KubeObject): CachedWorkload | undefined {
  const { kind } = object;
  if (kind !== "Deployment" && kind !== "StatefulSet" && kind !== "DaemonSet") return undefined;
  const type = textAt(
    object,
    "spec",
    kind === "Deployment" ? "strategy" : "updateStrategy",
    "type",
  );
  return {
    kind,
    ...namesOf(object),
    replicas:
      kind === "DaemonSet"
        ? (numberAt(object, "status", "desiredNumberScheduled") ?? 0)
        : (numberAt(object, "spec", "replicas") ?? 1),
    rollout: type === "Recreate" || type === "OnDelete" ? type : "RollingUpdate",
    selector: fieldOf(object, "spec", "selector"),
    ...poolHints(fieldOf(object, "spec", "template")),
  };
}

export type CachedScaler = ReturnType<typeof toCachedScaler>;

/** What the copy has of a HorizontalPodAutoscaler. */
export function toCachedScaler(object: KubeObject) {
  const { namespace, name } = namesOf(object);
  const target = (field: string) => textAt(object, "spec", "scaleTargetRef", field) ?? "";
  return {
    name,
    maxReplicas: numberAt(object, "spec", "maxReplicas") ?? 1,
    /** The workload that it scales, as a workloadKey. */
    target: workloadKey(target("kind"), namespace, target("name")),
  };
}

/** What the copy has of a pod that may hold connections. There may be tens of thousands. */
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
  readonly controllerOwner?: string;
  /** Labels of a pod without a controller, for selectors. */
  readonly labels?: Labels;
  /** The budget whose PgBouncer runs in it. */
  readonly pgbouncerOf?: string;
}

/** Undefined for a pod that has ended: it holds nothing, and another may have got its address. */
export function toCachedPod(object: KubeObject): CachedPod | undefined {
  const { phase } = fieldOf(object, "status");
  if (phase === "Succeeded" || phase === "Failed") return undefined;
  const names = namesOf(object);
  const labels = textsOf(object, "metadata", "labels");
  const ip = textAt(object, "status", "podIP");
  const owner = ownerOf(object, names.namespace, labels);
  const pgbouncerOf = budgetOf(labels);
  return {
    ...names,
    ...(ip !== undefined && { ip }),
    hostNetwork: fieldOf(object, "spec")["hostNetwork"] === true,
    ready: itemsOf(object, "status", "conditions").some(
      ({ type, status }) => type === "Ready" && status === "True",
    ),
    terminating: textAt(object, "metadata", "deletionTimestamp") !== undefined,
    ...(owner === undefined ? { labels } : { controllerOwner: owner }),
    ...(pgbouncerOf !== undefined && { pgbouncerOf }),
    ...poolHints(object),
  };
}

/**
 * A ReplicaSet of a Deployment is called DEPLOYMENT-HASH, and its pods say that hash: so pods whose
 * Deployment and ReplicaSet are deleted already, and which still terminate, are known as its own.
 */
function ownerOf(pod: KubeObject, namespace: string, labels: Labels): string | undefined {
  const owners = itemsOf(pod, "metadata", "ownerReferences");
  const owner = owners.find(({ controller }) => controller === true);
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

const SERVICE_LABEL = "kubernetes.io/service-name";

/** What the copy has of a Service. */
export function toCachedService(object: KubeObject) {
  const isExternal = textAt(object, "spec", "type") === "ExternalName";
  const externalName = isExternal ? textAt(object, "spec", "externalName") : undefined;
  const ports = itemsOf(object, "spec", "ports");
  return {
    /** Of type ExternalName: the name that it stands for. */
    externalName,
    /** The names of its ports, by number; the only one may have none. */
    portNames: new Map(
      ports.map((port) => [numberAt(port, "port") ?? 0, textAt(port, "name") ?? ""]),
    ),
  };
}

export type CachedSlice = ReturnType<typeof toCachedSlice>;

/** What the copy has of an EndpointSlice: its endpoints, but those that terminate. */
export function toCachedSlice(object: KubeObject) {
  const service = textAt(object, "metadata", "labels", SERVICE_LABEL) ?? "";
  return {
    /** `namespace/name` of its Service. */
    service: `${namesOf(object).namespace}/${service}`,
    ports: new Map(
      itemsOf(object, "ports").flatMap((port) => {
        const number = numberAt(port, "port");
        return number === undefined ? [] : [[textAt(port, "name") ?? "", number] as const];
      }),
    ),
    endpoints: itemsOf(object, "endpoints").flatMap((endpoint) => {
      const { addresses } = endpoint;
      const address: unknown = Array.isArray(addresses) ? addresses[0] : undefined;
      // A PgBouncer that is not ready still has its clients. A full PgBouncer may fail its
      // readiness probe, and must be asked.
      if (typeof address !== "string" || fieldOf(endpoint, "conditions")["terminating"] === true) {
        return [];
      }
      const isPod = textAt(endpoint, "targetRef", "kind") === "Pod";
      const pod = isPod ? textAt(endpoint, "targetRef", "name") : undefined;
      return [{ address, ...(pod !== undefined && { pod }) }];
    }),
  };
}
