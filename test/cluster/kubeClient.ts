import { connect, type KubeClient } from "../../src/kube/client.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** A client of an API server, as the user of its kubeconfig. */
export function kubeClientOf(server: { readonly kubeconfigPath: string }): KubeClient {
  return connect(loadKubeconfig({ KUBECONFIG: server.kubeconfigPath }), systemRuntime);
}
