import { API_SERVER_START_TIMEOUT_MS, startApiServer, type ApiServerOptions } from "./apiServer.ts";
import { claims, type Claims } from "./claims.ts";
import { kubectlFor, type Kubectl } from "../../tools/cluster/kubectl.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

/** For hooks and tests that start a cluster: only ends one that hangs. */
export const CLUSTER_START_TIMEOUT_MS = API_SERVER_START_TIMEOUT_MS;

/** A Kubernetes API that a test file works on. What may be done there is up to the kubeconfig. */
export interface Cluster {
  /** For KUBECONFIG. */
  readonly kubeconfigPath: string;
  readonly kubectl: Kubectl;
  /** Whether controllers run there, which change objects by themselves. */
  readonly hasControllers: boolean;
  /** See Claims: to be called for all that the test makes, before it makes it. */
  readonly claim: Claims["claim"];
  /** Removes what was claimed, or the whole of a cluster that was started. */
  readonly stop: () => Promise<void>;
}

/**
 * The cluster to test on, by envtest's convention: with `USE_EXISTING_CLUSTER=true` that of
 * `KUBECONFIG`, which is left as it was found; else an API server of the test's own. Several test
 * files may work on one existing cluster at a time, since each claims names of its own.
 *
 * @throws when the variables name no cluster that answers, or an API server does not come up
 */
export async function startCluster(options: ApiServerOptions = {}): Promise<Cluster> {
  return (await chosenCluster()) ?? startOwnCluster(options);
}

/**
 * The cluster that the variables name, which is left as it was found.
 *
 * @returns undefined when they name none
 * @throws when it does not answer
 */
export async function chosenCluster(): Promise<Cluster | undefined> {
  return usesExistingCluster() ? existingCluster(process.env["KUBECONFIG"] ?? "") : undefined;
}

/** Whether the variables name a cluster. */
export function usesExistingCluster(): boolean {
  return process.env["USE_EXISTING_CLUSTER"]?.toLowerCase() === "true";
}

/**
 * An API server of the test's own, whatever the variables say: for what a cluster has once only,
 * and what others would miss when the test removes it.
 *
 * @throws when it does not come up
 */
export async function startOwnCluster(options: ApiServerOptions = {}): Promise<Cluster> {
  const server = await startApiServer(options);
  const { kubeconfigPath, kubectl, stop } = server;
  const { claim } = claims(kubectl);
  return {
    kubeconfigPath,
    kubectl,
    hasControllers: options.controllerManager ?? false,
    claim,
    stop,
  };
}

/**
 * The cluster of a kubeconfig, which is left as it was found.
 *
 * @throws when there is no kubeconfig, or it leads to none that answers
 */
async function existingCluster(kubeconfigPath: string): Promise<Cluster> {
  if (kubeconfigPath === "") {
    throw new Error("USE_EXISTING_CLUSTER is true, but KUBECONFIG names no kubeconfig: set it");
  }
  const kubectl = await kubectlFor(kubeconfigPath, await scratchDir("kubectl"));
  const { code, stderr } = await kubectl(["version", "--request-timeout=30s"]);
  if (code !== 0) {
    throw new Error(
      `USE_EXISTING_CLUSTER is true, but ${kubeconfigPath} does not lead to it: ${stderr.trim().split("\n").at(-1)}`,
    );
  }
  const { claim, release } = claims(kubectl);
  return { kubeconfigPath, kubectl, hasControllers: true, claim, stop: release };
}
