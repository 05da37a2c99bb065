import { imageTargetOf, loadArchive } from "../../tools/cluster/imageTarget.ts";
import { startNewCluster } from "../../tools/cluster/newCluster.ts";
import { claims } from "./claims.ts";
import { chosenCluster, type Cluster } from "./cluster.ts";

/** A cluster whose pods run. */
export interface RealCluster extends Cluster {
  /** Loads an archive of images, in docker's format or OCI's, which no registry has. */
  readonly loadImage: (archivePath: string) => Promise<void>;
}

/**
 * The cluster to run pods on: with `USE_EXISTING_CLUSTER=true` that of `KUBECONFIG`, which is left
 * as it was found; else kind's where docker runs; else one on this computer, which takes root.
 *
 * @throws with what to install or to set, when none can be had
 */
export async function startRealCluster(): Promise<RealCluster> {
  const cluster = await chosenCluster();
  if (cluster === undefined) {
    const started = await startNewCluster();
    return { ...started, hasControllers: true, claim: claims(started.kubectl).claim };
  }
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
