import { join } from "node:path";

import type { KubeClient } from "../../src/kube/client.ts";
import { type RealCluster, startRealCluster } from "../cluster/realCluster.ts";
import { cloneOfRepository } from "../docs/clone.ts";
import { IMAGES } from "../../tools/images/catalog.ts";
import { imageArchive } from "../../tools/images/imageArchive.ts";
import { KUBECTL_TIMEOUT } from "./eventually.ts";
import { type ClusterHealth, watchHealth } from "./health.ts";
import { logStart } from "./log.ts";
import { kubeClientOf } from "../cluster/kubeClient.ts";

/** A fleet's namespace in the suite's cluster. */
export interface FleetNamespace {
  readonly environment: E2eEnvironment;
  readonly namespace: string;
  /** kubectl in the namespace. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
}

/** What all fleets of the suite stand on: a cluster that has the images, and the operator. */
export interface E2eEnvironment {
  readonly cluster: RealCluster;
  readonly client: KubeClient;
  /** @returns what it wrote to stdout @throws with what it wrote to stderr, when it fails */
  readonly kubectl: (args: readonly string[], stdin?: string) => Promise<string>;
  readonly health: ClusterHealth;
  /** To be called before a namespace is made. */
  readonly claimNamespace: (name: string) => Promise<void>;
  /** Removes all namespaces that were claimed so far, with what is in them. */
  readonly clear: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a cluster or takes the one that is there, loads all images, and installs the operator. */
export async function startEnvironment(): Promise<E2eEnvironment> {
  const ready = logStart("the images are built");
  const archives: string[] = [];
  for (const { name } of IMAGES) archives.push(await imageArchive(name));
  ready();
  const up = logStart("a cluster is up, with all images");
  const cluster = await startRealCluster();
  const ends: (() => Promise<void>)[] = [];
  try {
    await Promise.all(archives.map((archive) => cluster.loadImage(archive)));
    up();
    const client = kubeClientOf(cluster);
    const health = await watchHealth(client);
    ends.push(health.stop, client.close);
    const kubectlOnce = async (args: readonly string[], stdin?: string) => {
      const { code, stdout, stderr } = await cluster.kubectl(args, stdin);
      if (code === 0) return stdout;
      throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr.trim()}`);
    };
    const kubectl: E2eEnvironment["kubectl"] = (args, stdin) =>
      againAfterStarvation(health, () => kubectlOnce(args, stdin));
    await health.untilWell();
    await installOperator({ cluster, kubectl });
    const namespaces: string[] = [];
    const claimNamespace = async (name: string) => {
      await cluster.claim("namespace", name);
      namespaces.push(name);
    };
    const clear = () => removeAtOnce(namespaces.splice(0), kubectl);
    const stop = async () => {
      await clear();
      await Promise.all(ends.map((end) => end()));
      await cluster.stop();
    };
    return { cluster, client, kubectl, health, claimNamespace, clear, stop };
  } catch (error) {
    await Promise.all(ends.map((end) => end()));
    await cluster.stop();
    throw error;
  }
}

/**
 * Runs a command. Where it fails while the node is starved, it waits until all is well and runs it
 * again, as often as that happens.
 *
 * @param work may be done twice without harm
 */
export async function againAfterStarvation<T>(
  health: Pick<ClusterHealth, "untilWell" | "wasStarved">,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    const beganMs = Date.now();
    try {
      return await work();
    } catch (error) {
      await health.untilWell();
      if (!health.wasStarved(beganMs, Date.now())) throw error;
    }
  }
}

/** All together, and pods without their grace: the cluster would wait for one after the other. */
async function removeAtOnce(
  namespaces: readonly string[],
  kubectl: E2eEnvironment["kubectl"],
): Promise<void> {
  if (namespaces.length === 0) return;
  await kubectl(["delete", "namespace", "--wait=false", "--ignore-not-found", ...namespaces]);
  for (const namespace of namespaces) {
    const pods = ["pods", "--all", "--namespace", namespace, "--force", "--grace-period=0"];
    await kubectl(["delete", ...pods]);
  }
}

/** As docs/install.md tells. */
async function installOperator({
  cluster,
  kubectl,
}: Pick<E2eEnvironment, "cluster" | "kubectl">): Promise<void> {
  const installed = logStart("the operator runs");
  const file = join(await cloneOfRepository(), "manifests/operator/weir-operator.yaml");
  await cluster.claim("--filename", file);
  await kubectl(["apply", "--filename", file]);
  const kinds = ["crd/connectionbudgets.weir.dev", "crd/mcpservers.weir.dev"];
  await kubectl(["wait", "--for=condition=Established", KUBECTL_TIMEOUT, ...kinds]);
  const operator = ["--namespace=weir-system", "deployment/weir-operator"];
  await kubectl(["rollout", "status", KUBECTL_TIMEOUT, ...operator]);
  installed();
}
