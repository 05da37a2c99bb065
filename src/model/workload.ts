/** What the pool of one process is set to. */
interface PoolSetting {
  /** Absent where nothing says it. */
  readonly poolMax?: number;
  /** Where that stands: `env DB_POOL_MAX_PER_SERVER of container server`. */
  readonly poolMaxFrom?: string;
}

/** A pod or container that runs, or still terminates. */
interface PodState {
  readonly name: string;
  /** Absent where it has none of its own. */
  readonly address?: string;
  readonly ready: boolean;
  readonly terminating: boolean;
}

/** A Deployment, StatefulSet or DaemonSet that runs a server, and what scales it. */
export interface WorkloadSnapshot extends PoolSetting {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
  /** The wanted pods: `spec.replicas`; of a DaemonSet, the nodes that want one. */
  readonly replicas: number;
  readonly hpa?: { readonly name: string; readonly maxReplicas: number };
  readonly rollout: "RollingUpdate" | "Recreate" | "OnDelete";
  /** Its label selector as text (`a=b,c=d`), for the scale subresource. */
  readonly selector?: string;
}

/** A pod of a server. */
export interface PodSnapshot extends PodState {
  /** As `WorkloadSnapshot.poolMax`, of the pod's own environment: an old pod has the old one. */
  readonly poolMax?: number;
}

/** A workload of the cluster, or a service of a compose project, that connects to a PgBouncer. */
export interface LiveWorkload extends PoolSetting {
  /** `Deployment writing/author`, `service author`. */
  readonly name: string;
  /** The line or database that it connects to, and its login there; absent where unknown. */
  readonly line?: string;
  readonly user?: string;
  readonly processesPerPod: number;
  readonly replicas: number;
  /** Most pods that its plan counts: weir's peak, where weir made it or can work it out. */
  readonly peakPods?: number;
  /** The pods that exist now, including terminating ones. */
  readonly pods: readonly PodState[];
}
