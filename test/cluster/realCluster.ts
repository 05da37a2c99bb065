import { dockerAnswers } from "../images/docker.ts";
import { claims } from "./claims.ts";
import { chosenCluster, type Cluster } from "./cluster.ts";
import { imageTargetOf, loadArchive } from "./imageTarget.ts";
import { startKind } from "./kind.ts";
import { startMachine } from "./machine/machine.ts";

/** For hooks and tests that start a cluster with nodes: only ends one that hangs. */
export const REAL_CLUSTER_START_TIMEOUT_MS = 20 * 60_000;

/** A cluster whose pods run. */
export interface RealCluster extends Cluster {
  /** Loads an archive of images, in docker's format or OCI's, which no registry has. */
  readonly loadImage: (archivePath: string) => Promise<void>;
}

/** One that hangs on this process. */
export interface OwnRealCluster extends RealCluster {
  /**
   * Settles when the cluster has ended, by itself or by `stop`: what is to be told of it. Of kind's,
   * which docker keeps, it never does.
   */
  readonly ended: Promise<string>;
}

/**
 * The cluster to run pods on: with `USE_EXISTING_CLUSTER=true` that of `KUBECONFIG`, which is left
 * as it was found; else kind's where docker runs; else one on this computer, which takes root.
 *
 * @throws with what to install or to set, when none can be had
 */
export async function startRealCluster(): Promise<RealCluster> {
  const cluster = await chosenCluster();
  if (cluster === undefined) return startOwnRealCluster();
  const { kubeconfigPath } = cluster;
  const target = await imageTargetOf({ KUBECONFIG: kubeconfigPath });
  const loadImage = async (archivePath: string) => {
    if (target !== undefined) return loadArchive(target, archivePath);
    throw new Error(
      `${archivePath} can't be loaded: ${kubeconfigPath} is neither of a cluster of kind nor of ` +
        "npm run cluster; use one of these",
    );
  };
  return { ...cluster, loadImage };
}

/** A cluster that nobody else uses, and that is gone with this process. */
export async function startOwnRealCluster(): Promise<OwnRealCluster> {
  const {
    kubeconfigPath,
    kubectl,
    loadImage: load,
    ended,
    stop,
  } = (await dockerAnswers())
    ? { ...(await startKind()), ended: new Promise<never>(() => {}) }
    : await startMachine();
  const { claim } = claims(kubectl);
  return { kubeconfigPath, kubectl, hasControllers: true, claim, loadImage: load, ended, stop };
}
