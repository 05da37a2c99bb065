import { access } from "node:fs/promises";
import { dirname } from "node:path";

import { dockerAnswers } from "../images/docker.ts";
import { claims } from "./claims.ts";
import { type Cluster, existingCluster } from "./cluster.ts";
import { kindNameOf, loadImageIntoKind, startKind } from "./kind.ts";
import { loadImage } from "./machine/containerd.ts";
import { startMachine } from "./machine/machine.ts";
import { pathsOf } from "./machine/paths.ts";

/** For hooks and tests that start a cluster with nodes: what all the builds take, once. */
export const REAL_CLUSTER_START_TIMEOUT_MS = 40 * 60_000;

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
  const { USE_EXISTING_CLUSTER = "", KUBECONFIG = "" } = process.env;
  if (USE_EXISTING_CLUSTER.toLowerCase() !== "true") return startOwnRealCluster();
  const cluster = await existingCluster(KUBECONFIG);
  return { ...cluster, loadImage: await loaderFor(cluster) };
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

/** Into a cluster that somebody else started: ours, by its containerd, or kind's. */
async function loaderFor({ kubeconfigPath, kubectl }: Cluster): Promise<RealCluster["loadImage"]> {
  const { containerdSocket } = pathsOf(dirname(kubeconfigPath));
  if (await isThere(containerdSocket)) {
    return (archivePath) => loadImage(containerdSocket, { archivePath });
  }
  const { stdout } = await kubectl(["config", "current-context"]);
  const name = kindNameOf(stdout.trim());
  if (name !== undefined) return (archivePath) => loadImageIntoKind(name, archivePath);
  return async (archivePath) => {
    throw new Error(
      `${archivePath} can't be loaded: ${kubeconfigPath} is neither of a cluster of kind nor of ` +
        "npm run cluster; use one of these",
    );
  };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
