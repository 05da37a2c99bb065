import { HttpMethod, RequestContext } from "@kubernetes/client-node";
import { Agent, request } from "undici";

import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";

/** What an API server says of an object, which it does not keep. */
export type DryRunVerdict =
  | { readonly allowed: true; readonly spec: unknown }
  | {
      readonly allowed: false;
      /** One for each thing that is wrong with it. */
      readonly messages: readonly string[];
    };

/** Asks an API server about objects, one after the other, over one connection. */
export interface DryRun {
  /**
   * Creates an object, every field of which must be known, and keeps nothing.
   *
   * @param collection the path of its kind: `/apis/weir.dev/v1alpha1/namespaces/writing/mcpservers`
   * @throws when the answer is neither yes nor no
   */
  readonly create: (collection: string, object: unknown) => Promise<DryRunVerdict>;
  readonly close: () => Promise<void>;
}

/** As the user of a kubeconfig; kubectl would take fifty times as long for a thousand objects. */
export async function dryRunOf(kubeconfigPath: string): Promise<DryRun> {
  const config = loadKubeconfig({ KUBECONFIG: kubeconfigPath });
  const server = config.getCurrentCluster()?.server ?? "";
  const context = new RequestContext(server, HttpMethod.POST);
  await config.applySecurityAuthentication(context);
  const dispatcher = context.getDispatcher() ?? new Agent();
  const create = async (collection: string, object: unknown): Promise<DryRunVerdict> => {
    const { statusCode, body } = await request(
      `${server}${collection}?dryRun=All&fieldValidation=Strict`,
      {
        method: "POST",
        dispatcher,
        headers: { ...context.getHeaders(), "content-type": "application/json" },
        body: JSON.stringify(object),
      },
    );
    const answer = await body.text();
    const said: DryRunResponse = JSON.parse(answer);
    if (statusCode === 201) return { allowed: true, spec: said.spec };
    if (statusCode !== 422 && statusCode !== 400) throw new Error(`${statusCode}: ${answer}`);
    const messages = (said.details?.causes ?? []).map(({ message = "" }) => message);
    return { allowed: false, messages };
  };
  return { create, close: () => dispatcher.close() };
}

/** The object, or a Status. */
interface DryRunResponse {
  readonly spec?: unknown;
  readonly details?: { readonly causes?: readonly { readonly message?: string }[] };
}
