import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { connect, type KubeClient } from "../../src/kube/client.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import type { Cluster } from "./cluster.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** What an API server is asked about: as in a SelfSubjectAccessReview. */
export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  /** Of all namespaces when absent. */
  readonly namespace?: string;
}

/** A kind of object that the API server serves. */
export type Served = Pick<ResourceAttributes, "group" | "resource" | "subresource"> & {
  readonly namespaced: boolean;
};

/** Asks an API server, as a ServiceAccount that has logged in, what that account may do. */
export interface Access {
  readonly mayI: (wish: ResourceAttributes) => Promise<boolean>;
  /** Everything that is served, subresources too. */
  readonly served: () => Promise<readonly Served[]>;
  readonly client: KubeClient;
}

/** With a real token, so that the API server itself says which groups the account is in. */
export async function accessOf(
  { kubectl }: Cluster,
  account: { readonly namespace: string; readonly name: string },
): Promise<Access> {
  const made = await kubectl(["create", "token", account.name, "-n", account.namespace]);
  if (made.code !== 0) throw new Error(made.stderr);
  const view = ["config", "view", "--raw", "--minify", "-o", "json"];
  const config = JSON.parse((await kubectl(view)).stdout);
  config.users = [{ name: config.users[0].name, user: { token: made.stdout.trim() } }];
  const path = join(await scratchDir("account"), "kubeconfig");
  await writeFile(path, JSON.stringify(config));
  const client = connect(loadKubeconfig({ ...process.env, KUBECONFIG: path }), systemRuntime);
  return { client, mayI: (wish) => mayI(client, wish), served: () => served(client) };
}

async function mayI(client: KubeClient, wish: ResourceAttributes): Promise<boolean> {
  const { status, body } = await client.request({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: wish },
    },
  });
  if (status !== 201) throw new Error(`${JSON.stringify(wish)}: ${status}`);
  return at(body, "status")["allowed"] === true;
}

async function served(client: KubeClient): Promise<readonly Served[]> {
  const groups = listAt((await client.get("/apis")).body, "groups").flatMap(({ versions }) =>
    listAt({ versions }, "versions").map(({ groupVersion }) => `/apis/${String(groupVersion)}`),
  );
  const lists = await Promise.all(
    ["/api/v1", ...groups].map(async (path) => {
      const { status, body } = await client.get(path);
      if (status !== 200) throw new Error(`${path}: ${status}`);
      return listAt(body, "resources").map(({ name, namespaced }): Served => {
        const [resource = "", subresource] = String(name).split("/");
        const group = path === "/api/v1" ? "" : (path.split("/")[2] ?? "");
        return {
          group,
          resource,
          ...(subresource !== undefined && { subresource }),
          namespaced: namespaced === true,
        };
      });
    }),
  );
  return lists.flat();
}

function at(value: unknown, field: string): Readonly<Record<string, unknown>> {
  const inner: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
  return typeof inner === "object" && inner !== null ? { ...inner } : {};
}

function listAt(value: unknown, field: string): readonly Readonly<Record<string, unknown>>[] {
  return Object.values(at(value, field)).map((each) => at({ each }, "each"));
}
