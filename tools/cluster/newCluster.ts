import { dockerAnswers } from "../processes/docker.ts";
import { startKind } from "./kind.ts";
import type { Kubectl } from "./kubectl.ts";
import { startMachine } from "./machine/machine.ts";

/** For hooks and tests that start a cluster with nodes: only ends one that hangs. */
export const REAL_CLUSTER_START_TIMEOUT_MS = 20 * 60_000;

/** A cluster whose pods run, that nobody else uses, and that is gone with this process. */
interface NewCluster {
  /** For KUBECONFIG. */
  readonly kubeconfigPath: string;
  readonly kubectl: Kubectl;
  /** Loads an archive of images, in docker's format or OCI's, which no registry has. */
  readonly loadImage: (archivePath: string) => Promise<void>;
  /**
   * Settles when the cluster has ended, by itself or by `stop`: what is to be told of it. Of kind's,
   * which docker keeps, it never does.
   */
  readonly ended: Promise<string>;
  /** Removes the whole of it. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a cluster: kind's where docker runs, else one on this computer, which takes root.
 *
 * @throws with what to install or to set, when none can be had
 */
export async function startNewCluster(): Promise<NewCluster> {
  return (await dockerAnswers())
    ? { ...(await startKind()), ended: new Promise<never>(() => {}) }
    : startMachine();
}
