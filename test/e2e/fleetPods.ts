import { isMapping } from "../../src/json/fields.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { reflect } from "../../src/kube/reflector.ts";
import type { RunningFleet } from "./runningFleet.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** A pod of a fleet, as the API has it. */
export interface FleetPod {
  readonly name: string;
  readonly ip: string | undefined;
  /** Whose it is, when it is a server's. */
  readonly server: string | undefined;
  readonly running: boolean;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** How often its containers were started again. */
  readonly restarts: number;
}

/** The pods of a fleet, at each moment. */
export interface FleetPods {
  readonly all: () => readonly FleetPod[];
  /** Those of servers that run. */
  readonly ofServers: () => readonly (FleetPod & { readonly server: string })[];
  /** The most restarts of any container, by pod, also of pods that are gone. */
  readonly restarts: () => ReadonlyMap<string, number>;
  readonly stop: () => Promise<void>;
}

/**
 * Follows the pods of a fleet.
 *
 * @param onPod is told of each change of a pod
 */
export async function watchPods(
  { environment, namespace }: RunningFleet,
  onPod: (pod: FleetPod) => void,
): Promise<FleetPods> {
  const restarts = new Map<string, number>();
  const reflector = reflect({
    client: environment.client,
    runtime: systemRuntime,
    selection: { kind: "Pod", apiVersion: "v1", plural: "pods", namespace },
    keep: podOf,
    onChange: (change) => {
      if (change.type === "deleted") return;
      const pod = change.new;
      restarts.set(pod.name, Math.max(pod.restarts, restarts.get(pod.name) ?? 0));
      onPod(pod);
    },
  });
  await reflector.synced;
  return {
    all: reflector.all,
    ofServers: () =>
      reflector
        .all()
        .flatMap((pod) =>
          pod.server !== undefined && pod.running ? { ...pod, server: pod.server } : [],
        ),
    restarts: () => restarts,
    stop: reflector.stop,
  };
}

function podOf({ metadata, status }: KubeObject): FleetPod {
  const { name, labels, deletionTimestamp } = isMapping(metadata) ? metadata : {};
  const label = (key: string) => (isMapping(labels) ? labels[key] : undefined);
  const { phase, podIP, conditions, containerStatuses } = isMapping(status) ? status : {};
  const isServer = label("app.kubernetes.io/component") === "server";
  return {
    name: String(name),
    ip: typeof podIP === "string" ? podIP : undefined,
    server: isServer ? String(label("app.kubernetes.io/instance")) : undefined,
    running: phase === "Running",
    ready: objects(conditions).some(
      (each) => each["type"] === "Ready" && each["status"] === "True",
    ),
    terminating: deletionTimestamp !== undefined,
    restarts: Math.max(
      0,
      ...objects(containerStatuses).map((each) => Number(each["restartCount"])),
    ),
  };
}

function objects(list: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter(isMapping) : [];
}
