import { connect, type KubeClient } from "../../kube/client.ts";
import { loadKubeconfig } from "../../kube/kubeconfig.ts";
import { KubeError } from "../../kube/refusal.ts";
import { listObjects } from "../../kube/list.ts";
import type { KubeObject, Listed } from "../../kube/object.ts";
import type { UnavailablePart } from "../../model/observation.ts";
import { textAt } from "../../json/fields.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ManifestObject } from "../../verify/sourcePosition.ts";

/** Which part of the cluster of KUBECONFIG is read. */
export interface ClusterQuestion {
  /** One namespace; `all`; absent: that of the kubeconfig's context. */
  readonly namespace?: string;
  readonly all?: boolean;
}

/** The objects of a cluster. weir does not ask for Secrets. */
export interface ClusterAnswer {
  readonly objects: readonly ManifestObject[];
  /** Whether pods are among them, with the objects that show their workloads. */
  readonly hasPods: boolean;
  /** Every kind was read: only then is what is not there no gap. */
  readonly isWhole: boolean;
  readonly unavailable: readonly UnavailablePart[];
}

const KINDS: readonly Listed[] = [
  { kind: "Pod", apiVersion: "v1", plural: "pods" },
  { kind: "ReplicaSet", apiVersion: "apps/v1", plural: "replicasets" },
  { kind: "Deployment", apiVersion: "apps/v1", plural: "deployments" },
  { kind: "StatefulSet", apiVersion: "apps/v1", plural: "statefulsets" },
  { kind: "DaemonSet", apiVersion: "apps/v1", plural: "daemonsets" },
  {
    kind: "HorizontalPodAutoscaler",
    apiVersion: "autoscaling/v2",
    plural: "horizontalpodautoscalers",
  },
  { kind: "Service", apiVersion: "v1", plural: "services" },
  { kind: "ConfigMap", apiVersion: "v1", plural: "configmaps" },
];

const NAMESPACE_DEFAULT = "default";

/**
 * Reads the objects that show whose pods the clients are, and how their pools are set. It doesn't
 * throw: what can't be read is in `unavailable`.
 */
export async function readCluster(
  question: ClusterQuestion,
  {
    env,
    runtime,
  }: { readonly env: Readonly<Record<string, string | undefined>>; readonly runtime: Runtime },
): Promise<ClusterAnswer> {
  let client: KubeClient | undefined;
  try {
    const config = loadKubeconfig(env);
    const context = config.getContextObject(config.getCurrentContext());
    const namespace = question.all
      ? undefined
      : (question.namespace ?? context?.namespace ?? NAMESPACE_DEFAULT);
    client = connect(config, runtime);
    const opened = client;
    const read = await Promise.all(KINDS.map((kind) => readKind(opened, kind, namespace)));
    const unread = read.filter(({ unavailable }) => unavailable.length > 0);
    return {
      objects: read.flatMap(({ objects }) => objects),
      hasPods: !unread.some(({ kind }) => kind === "Pod" || kind === "ReplicaSet"),
      isWhole: unread.length === 0,
      unavailable: unread.flatMap(({ unavailable }) => unavailable),
    };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const unavailable = [{ what: "the cluster", why: error.message, next: NO_CLUSTER }];
    return { objects: [], hasPods: false, isWhole: false, unavailable };
  } finally {
    await client?.close();
  }
}

const NO_CLUSTER = "KUBECONFIG and its context must name a cluster that can be read from here";

async function readKind(client: KubeClient, listed: Listed, namespace: string | undefined) {
  const { kind, plural } = listed;
  try {
    const objects = await listObjects(client, listed, namespace);
    return {
      kind,
      objects: objects.map((object) => manifestObject(object, client)),
      unavailable: [],
    };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const where = namespace === undefined ? "of the cluster" : `of namespace ${namespace}`;
    const next = `kubectl auth can-i list ${plural}: the role \`view\` may`;
    const unavailable = [{ what: `${kind}s ${where}`, why: error.message, next }];
    return { kind, objects: [], unavailable };
  }
}

function manifestObject(value: KubeObject, { server }: KubeClient): ManifestObject {
  return {
    file: server,
    kind: value.kind,
    apiVersion: value.apiVersion,
    name: textAt(value, "metadata", "name") ?? "",
    namespace: textAt(value, "metadata", "namespace") ?? NAMESPACE_DEFAULT,
    value,
    // An object of the API server stands on no line.
    positionOf: () => ({ line: 1, column: 1 }),
  };
}
