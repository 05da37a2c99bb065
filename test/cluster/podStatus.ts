import type { PodContainer, PodObject } from "./podObject.ts";

/** Where and since when a pod runs. */
interface PodStart {
  readonly address: string;
  readonly hostAddress: string;
  /** As Kubernetes writes times: RFC 3339, whole seconds. */
  readonly since: string;
}

const CONDITIONS = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
] as const;

/** The status that kubelet gives to a pod all of whose containers run and are ready. */
export function runningStatus({ metadata, spec }: PodObject, running: PodStart): object {
  const { address, hostAddress, since } = running;
  const { generation } = metadata;
  return {
    observedGeneration: generation,
    phase: "Running",
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: since,
    conditions: CONDITIONS.map((type) => ({
      type,
      status: "True",
      observedGeneration: generation,
      lastProbeTime: null,
      lastTransitionTime: since,
    })),
    initContainerStatuses: spec.initContainers.map((container) =>
      // One that is restarted always is a sidecar, and goes on.
      container.restartPolicy === "Always"
        ? runs(container, metadata.uid, since)
        : hasEnded(container, metadata.uid, since),
    ),
    containerStatuses: spec.containers.map((container) => runs(container, metadata.uid, since)),
  };
}

function runs(container: PodContainer, uid: string, since: string): object {
  return {
    ...commonOf(container, uid),
    ready: true,
    started: true,
    state: { running: { startedAt: since } },
  };
}

function hasEnded(container: PodContainer, uid: string, since: string): object {
  const { containerID } = commonOf(container, uid);
  const terminated = {
    exitCode: 0,
    reason: "Completed",
    startedAt: since,
    finishedAt: since,
    containerID,
  };
  return { ...commonOf(container, uid), ready: true, started: false, state: { terminated } };
}

function commonOf({ name, image }: PodContainer, uid: string) {
  return {
    name,
    image,
    imageID: image,
    containerID: `fake://${uid}/${name}`,
    restartCount: 0,
    lastState: {},
  };
}
