import { applyObject, type Applied } from "../../src/kube/apply.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { semaphore } from "../../src/runtime/semaphore.ts";

export type AppliedObject = Applied["object"];

/** How the API calls many of a kind. */
const PLURALS: Readonly<Record<string, string>> = {
  ConfigMap: "configmaps",
  ConnectionBudget: "connectionbudgets",
  Deployment: "deployments",
  HorizontalPodAutoscaler: "horizontalpodautoscalers",
  McpServer: "mcpservers",
  Namespace: "namespaces",
  NetworkPolicy: "networkpolicies",
  PodDisruptionBudget: "poddisruptionbudgets",
  Role: "roles",
  RoleBinding: "rolebindings",
  Secret: "secrets",
  Service: "services",
  StatefulSet: "statefulsets",
};

const AT_ONCE = 16;

/**
 * Applies objects as `kubectl apply --server-side --force-conflicts` does, but without its limit of
 * requests a second: for hundreds of servers.
 *
 * @throws what the API server says of the first that it refuses
 */
export async function applyObjects(
  client: KubeClient,
  objects: readonly AppliedObject[],
): Promise<void> {
  const { acquire } = semaphore(AT_ONCE);
  const apply = (object: AppliedObject) => {
    const plural = PLURALS[object.kind];
    if (plural === undefined) throw new Error(`no plural is known of ${object.kind}`);
    return applyObject(client, { plural, object }, { fieldManager: "test", force: true });
  };
  await Promise.all(objects.map((object) => acquire(() => apply(object))));
}
