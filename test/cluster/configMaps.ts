import { Agent, request, type Dispatcher } from "undici";

import type { KubeObject } from "../../src/kube/object.ts";
import type { Selection } from "../../src/kube/list.ts";
import type { ApiServer } from "./apiServer.ts";

/** The ConfigMaps of a namespace, by a way of their own to the API server, which has no faults. */
export interface ConfigMaps {
  readonly selection: Selection;
  /** Each of these gives the HTTP status. */
  readonly create: (name: string, value: string) => Promise<number>;
  readonly update: (name: string, value: string) => Promise<number>;
  readonly remove: (name: string) => Promise<number>;
  /** Name, uid and value of each, as `shortOf` tells them, in order. */
  readonly all: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** Makes a namespace of that name. */
export async function configMapsIn(apiServer: ApiServer, namespace: string): Promise<ConfigMaps> {
  const { url, token, certificate } = apiServer;
  const dispatcher = new Agent({ connect: { ca: certificate.cert }, allowH2: false });
  const ask = async (method: Dispatcher.HttpMethod, path: string, body?: object) => {
    const answer = await request(`${url}/api/v1/namespaces${path}`, {
      dispatcher,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  const { status } = await ask("POST", "", { metadata: { name: namespace } });
  if (status !== 201) throw new Error(`namespace ${namespace} was not made: ${status}`);

  const path = `/${namespace}/configmaps`;
  const at = async (method: Dispatcher.HttpMethod, below: string, body?: object) =>
    (await ask(method, `${path}${below}`, body)).status;
  return {
    selection: { kind: "ConfigMap", apiVersion: "v1", plural: "configmaps", namespace },
    create: (name, value) => at("POST", "", { metadata: { name }, data: { value } }),
    update: (name, value) => at("PATCH", `/${name}`, { data: { value } }),
    remove: (name) => at("DELETE", `/${name}`),
    all: async () => {
      const list = await ask("GET", path);
      const { items }: { items: readonly KubeObject[] } = JSON.parse(list.text);
      return items.map(shortOf).toSorted();
    },
    close: () => dispatcher.close(),
  };
}

/** A ConfigMap in short, so that two lists of them can be compared. */
export function shortOf({ metadata, data }: KubeObject): string {
  const { name, uid, resourceVersion } = Object(metadata);
  return `${name} ${uid} ${resourceVersion} ${Object(data).value}`;
}
