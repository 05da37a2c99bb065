import type { Addresses } from "./addresses.ts";

/** The programs of a machine that are built from source. */
export type MachineProgram =
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubelet"
  | "kube-proxy";

/** An image without a registry: an archive, and the name it has once it is loaded. */
export interface LocalImage {
  readonly name: string;
  readonly archivePath: string;
}

/** The images that a machine runs before anybody asks it to. */
export interface MachineImages {
  /** The pause container of each pod, and what the cluster's own tests run in pods. */
  readonly podProgram: LocalImage;
  readonly coreDns: LocalImage;
  readonly metricsServer: LocalImage;
}

/** All that the program inside of the machine is told, as JSON. */
export interface MachineSpec {
  /** Everything of this machine but its images; see `paths.ts` for what is in there. */
  readonly dir: string;
  /** Where containerd keeps images between runs. */
  readonly imageStore: string;
  readonly cgroup: string;
  readonly addresses: Addresses;
  readonly programs: Readonly<Record<MachineProgram, string>>;
  readonly images: MachineImages;
}

/** The only node there is. */
export const NODE_NAME = "machine";
