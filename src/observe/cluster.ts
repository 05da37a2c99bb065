import { isDeepStrictEqual } from "node:util";
import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { API_VERSION } from "../api/names.ts";
import type { KubeClient } from "../kube/client.ts";
import type { KubeObject, Listed } from "../kube/object.ts";
import type { Change } from "../kube/objectStore.ts";
import { reflect, type Reflector, type ReflectorState } from "../kube/reflector.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { objectIndex } from "../kube/objectIndex.ts";
import {
  toCachedPod,
  toCachedScaler,
  toCachedService,
  toCachedSlice,
  toCachedWorkload,
  workloadKey,
  type CachedPod,
  type CachedScaler,
  type CachedSlice,
  type CachedWorkload,
} from "./cachedObjects.ts";
import {
  budgetKeyOf,
  postgresOf,
  serviceKeyOf,
  toCachedBudget,
  toCachedServer,
  workloadKeyOf,
  type CachedObject,
} from "./observedObject.ts";

const KINDS = {
  budgets: { kind: "ConnectionBudget", apiVersion: API_VERSION, plural: "connectionbudgets" },
  servers: { kind: "McpServer", apiVersion: API_VERSION, plural: "mcpservers" },
  deployments: { kind: "Deployment", apiVersion: "apps/v1", plural: "deployments" },
  statefulSets: { kind: "StatefulSet", apiVersion: "apps/v1", plural: "statefulsets" },
  daemonSets: { kind: "DaemonSet", apiVersion: "apps/v1", plural: "daemonsets" },
  scalers: {
    kind: "HorizontalPodAutoscaler",
    apiVersion: "autoscaling/v2",
    plural: "horizontalpodautoscalers",
  },
  pods: { kind: "Pod", apiVersion: "v1", plural: "pods" },
  services: { kind: "Service", apiVersion: "v1", plural: "services" },
  slices: {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    plural: "endpointslices",
  },
} as const satisfies Readonly<Record<string, Listed>>;

/** Budgets and servers: where they are written. */
export const { budgets: BUDGETS, servers: SERVERS } = KINDS;

/** How one of the copies is. */
export interface CopyState extends ReflectorState {
  /** `pods`. */
  readonly plural: string;
}

/** What the operator knows of the cluster: a copy that follows it. Keys are `namespace/name`. */
export type ClusterCopy = Readonly<ReturnType<typeof followCluster>>;

interface ClusterOptions {
  readonly client: KubeClient;
  readonly runtime: Runtime;
  /** One namespace; absent: all. */
  readonly namespace?: string;
  /** Gets the keys of the budgets that a change concerns, also those that aren't there. */
  readonly onChange: (budgetKeys: readonly string[]) => void;
}

/** Copies all objects that the sums depend on; of most objects, only some fields. */
export function followCluster({ client, runtime, namespace, onChange }: ClusterOptions) {
  const serversByBudget = objectIndex<CachedObject<McpServer>>((server) => [budgetKeyOf(server)]);
  const serversByWorkload = objectIndex<CachedObject<McpServer>>((server) => [
    workloadKeyOf(server.observed),
  ]);
  const serversByNamespace = objectIndex<CachedObject<McpServer>>(({ observed }) => [
    observed.namespace,
  ]);
  const podsByMaker = objectIndex<CachedPod | undefined>((pod) =>
    pod?.controllerOwner === undefined ? [] : [pod.controllerOwner],
  );
  const unownedPods = objectIndex<CachedPod | undefined>((pod) =>
    pod?.labels ? [pod.namespace] : [],
  );
  const pgbouncerPods = objectIndex<CachedPod | undefined>(pgbouncerKeys);
  const scalersByTarget = objectIndex<CachedScaler>(({ target }) => [target]);
  const slicesByService = objectIndex<CachedSlice>(({ service }) => [service]);
  const budgetsByService = objectIndex<CachedObject<ConnectionBudget>>(({ observed }) =>
    serviceKeys(observed),
  );

  const budgetsOfWorkload = (key: string) => serversByWorkload.get(key).map(budgetKeyOf);
  const budgetsOfPod = (pod: CachedPod | undefined) =>
    pod === undefined
      ? []
      : [
          ...pgbouncerKeys(pod),
          ...(pod.controllerOwner === undefined
            ? serversByNamespace.get(pod.namespace).map(budgetKeyOf)
            : budgetsOfWorkload(pod.controllerOwner)),
        ];
  const budgetsOfService = (key: string) =>
    budgetsByService.get(key).map(({ observed }) => keyOf(observed));

  const all: (readonly [string, Reflector<unknown>])[] = [];
  const follow = <T>(
    listed: Listed,
    keep: (object: KubeObject) => T,
    touches: (object: T, change: Change<T>) => readonly string[],
    indexes: readonly { readonly take: (change: Change<T>) => void }[] = [],
  ): Reflector<T> => {
    const reflector = reflect({
      client,
      runtime,
      selection: { ...listed, namespace },
      keep,
      onChange: (change) => {
        for (const index of indexes) index.take(change);
        // Of most kinds it changes often what the copy has not: a pod's or Deployment's status.
        if (change.type === "modified" && isDeepStrictEqual(change.old, change.new)) return;
        const touched = [
          ...(change.type === "added" ? [] : touches(change.old, change)),
          ...(change.type === "deleted" ? [] : touches(change.new, change)),
        ];
        if (touched.length > 0) onChange([...new Set(touched)]);
      },
    });
    all.push([listed.plural, reflector]);
    return reflector;
  };

  const touchesWorkload = (workload: CachedWorkload | undefined) =>
    workload === undefined
      ? []
      : budgetsOfWorkload(workloadKey(workload.kind, workload.namespace, workload.name));
  const budgets: Reflector<CachedObject<ConnectionBudget>> = follow(
    KINDS.budgets,
    toCachedBudget,
    (budget, change) => [keyOf(budget.observed), ...neighbourKeys(budget, change, budgets.all())],
    [budgetsByService],
  );
  const servers = follow(KINDS.servers, toCachedServer, (server) => [budgetKeyOf(server)], [
    serversByBudget,
    serversByWorkload,
    serversByNamespace,
  ]);
  const workloads = {
    Deployment: follow(KINDS.deployments, toCachedWorkload, touchesWorkload),
    StatefulSet: follow(KINDS.statefulSets, toCachedWorkload, touchesWorkload),
    DaemonSet: follow(KINDS.daemonSets, toCachedWorkload, touchesWorkload),
  };
  follow(KINDS.scalers, toCachedScaler, ({ target }) => budgetsOfWorkload(target), [
    scalersByTarget,
  ]);
  follow(KINDS.pods, toCachedPod, budgetsOfPod, [podsByMaker, unownedPods, pgbouncerPods]);
  const services = follow(KINDS.services, toCachedService, (_, { key }) => budgetsOfService(key));
  follow(KINDS.slices, toCachedSlice, ({ service }) => budgetsOfService(service), [
    slicesByService,
  ]);

  return {
    budget: budgets.get,
    budgets: budgets.all,
    /** Keys of the budgets that exist, and of those that a server names. */
    budgetKeys: () =>
      new Set([
        ...budgets.all().map(({ observed }) => keyOf(observed)),
        ...servers.all().map(budgetKeyOf),
      ]),
    /** The servers that name this budget, even if it does not exist. */
    serversOf: serversByBudget.get,
    /** @param key as workloadKey says it; so for pods and scalers */
    workload: (key: string) => {
      const [kind, place = ""] = key.split(" ");
      return kind === "Deployment" || kind === "StatefulSet" || kind === "DaemonSet"
        ? workloads[kind].get(place)
        : undefined;
    },
    podsOf: (key: string) => present(podsByMaker.get(key)),
    /** Pods of a namespace that nothing made. */
    unownedPods: (of: string) => present(unownedPods.get(of)),
    pgbouncerPods: (budgetKey: string) => present(pgbouncerPods.get(budgetKey)),
    scalersOf: scalersByTarget.get,
    service: services.get,
    slicesOf: slicesByService.get,
    /** True once all is known; false when it was stopped before. */
    synced: Promise.all(all.map(([, { synced }]) => synced)).then((each) => each.every(Boolean)),
    states: (): readonly CopyState[] => all.map(([plural, { state }]) => ({ plural, ...state() })),
    stop: async () => {
      await Promise.all(all.map(([, { stop }]) => stop()));
    },
  };
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function present(pods: readonly (CachedPod | undefined)[]): readonly CachedPod[] {
  return pods.filter((pod) => pod !== undefined);
}

function pgbouncerKeys(pod: CachedPod | undefined): readonly string[] {
  return pod?.pgbouncerOf === undefined ? [] : [`${pod.namespace}/${pod.pgbouncerOf}`];
}

function serviceKeys({ parsed }: CachedObject<ConnectionBudget>["observed"]): readonly string[] {
  const key = parsed.ok ? serviceKeyOf(parsed.value) : undefined;
  return key === undefined ? [] : [key];
}

/** The other budgets of its Postgres: a share that changes is in their sums, too. */
function neighbourKeys(
  budget: CachedObject<ConnectionBudget>,
  change: Change<CachedObject<ConnectionBudget>>,
  all: readonly CachedObject<ConnectionBudget>[],
): readonly string[] {
  const isOfStatus =
    change.type === "modified" && change.old.observed.generation === change.new.observed.generation;
  const address = postgresOf(budget);
  if (isOfStatus || address === undefined) return [];
  return all
    .filter((other) => postgresOf(other) === address)
    .map(({ observed }) => keyOf(observed));
}
