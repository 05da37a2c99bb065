import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { yamlStream } from "../../src/render/yaml.ts";
import { startEvents } from "../../src/kube/events.ts";
import { readLease, writeLease } from "../../src/kube/lease.ts";
import { listObjects } from "../../src/kube/list.ts";
import { writeStatus } from "../../src/kube/status.ts";
import { goldens } from "../golden/goldens.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { accessOf, type Access, type Served, type ResourceAttributes } from "./accessOf.ts";
import { applied, changedByApplying, notCreated } from "./applying.ts";
import { CLUSTER_START_TIMEOUT_MS, startOwnCluster, type Cluster } from "./cluster.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** manifests/operator/ in a real API server: taken, admitted, and what it lets the operator do. */

const OPERATOR = resolve(import.meta.dirname, "../../manifests/operator");
/** Where the operator lives, where a budget of its lives, and one that has nothing to do with it. */
const [OWN, BUDGETS, ELSEWHERE] = ["weir-system", "weir-observed-writers", "kube-system"] as const;

// Some ask thousands of questions.
let cluster: Cluster;
let access: Access;
let created: readonly string[];

beforeAll(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  created = await applied(cluster, OPERATOR);
  const roles = await rolesOfBudgets();
  await applied(cluster, roles);
  access = await accessOf(cluster, { namespace: OWN, name: "weir-operator" });
}, CLUSTER_START_TIMEOUT_MS);

afterAll(async () => {
  await access?.client.close();
  await cluster.stop();
});

/** The golden fleet `observed` has a PgBouncer of weir's, and one that weir did not make. */
async function rolesOfBudgets(): Promise<string> {
  const manifests = goldens((text) => text.replaceAll("writers", BUDGETS))
    .filter(({ name }) => name === "observed")
    .flatMap((golden) => golden.manifests)
    .filter(({ kind }) => ["Namespace", "Role", "RoleBinding"].includes(kind));
  const path = join(await scratchDir("roles"), "roles.yaml");
  await writeFile(path, yamlStream(manifests));
  return path;
}

it("is taken at the first try, and changes nothing at the second", async () => {
  expect(notCreated(created)).toEqual([]);
  expect(await changedByApplying(cluster, OPERATOR)).toEqual([]);
});

it("becomes two pods that Pod Security restricted admits, each with a token", async () => {
  const query = ["get", "pods", "-n", OWN, "-o", "json"];
  const pods = async () => JSON.parse((await cluster.kubectl(query)).stdout).items;
  await expect.poll(pods).toHaveLength(2);
  for (const { spec } of await pods()) {
    expect(spec.serviceAccountName).toBe("weir-operator");
    const [{ projected }] = spec.volumes;
    expect(JSON.stringify(projected.sources)).toContain("serviceAccountToken");
  }
  const enforced = await cluster.kubectl([
    "get",
    "namespace",
    OWN,
    "-o",
    "jsonpath={.metadata.labels}",
  ]);
  expect(JSON.parse(enforced.stdout)).toMatchObject({
    "pod-security.kubernetes.io/enforce": "restricted",
  });
});

const VERBS = [
  "get",
  "list",
  "watch",
  "create",
  "update",
  "patch",
  "delete",
  "deletecollection",
  "bind",
  "escalate",
  "impersonate",
  "approve",
  "sign",
  "use",
  "*",
];

/** Not served as such, but in RBAC's rules. */
const UNSERVED: readonly Served[] = [
  { group: "", resource: "users", namespaced: false },
  { group: "", resource: "groups", namespaced: false },
  { group: "*", resource: "*", namespaced: true },
];

const FOLLOW = ["list", "watch"];

/** Without naming an object. Everything else is denied. */
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  "connectionbudgets.weir.dev": ["get", ...FOLLOW],
  "connectionbudgets/status.weir.dev": ["patch"],
  "mcpservers.weir.dev": ["get", ...FOLLOW],
  "mcpservers/status.weir.dev": ["patch"],
  "deployments.apps": FOLLOW,
  "statefulsets.apps": FOLLOW,
  "daemonsets.apps": FOLLOW,
  "horizontalpodautoscalers.autoscaling": FOLLOW,
  "pods.": FOLLOW,
  "services.": FOLLOW,
  "endpointslices.discovery.k8s.io": FOLLOW,
  "events.events.k8s.io": ["get", "create", "patch"],
  // What everybody may ask who has logged in.
  "selfsubjectaccessreviews.authorization.k8s.io": ["create"],
  "selfsubjectrulesreviews.authorization.k8s.io": ["create"],
  "selfsubjectreviews.authentication.k8s.io": ["create"],
};

async function allowedIn(namespace: string): Promise<Record<string, readonly string[]>> {
  const all = [...(await access.served()), ...UNSERVED];
  const allowed: Record<string, string[]> = {};
  for (const { group, resource, subresource, namespaced } of all) {
    const wish = {
      group,
      resource,
      ...(subresource !== undefined && { subresource }),
      ...(namespaced && { namespace }),
    };
    const answers = await Promise.all(VERBS.map((verb) => access.mayI({ ...wish, verb })));
    const verbs = VERBS.filter((_, index) => answers[index]);
    const name = `${[resource, ...(subresource === undefined ? [] : [subresource])].join("/")}.${group}`;
    if (verbs.length > 0) allowed[name] = verbs;
  }
  // Else little was asked.
  expect(all.length).toBeGreaterThan(100);
  expect(all.map(({ resource }) => resource)).toEqual(
    expect.arrayContaining(["secrets", "configmaps", "nodes", "customresourcedefinitions"]),
  );
  expect(all.map(({ subresource }) => subresource)).toEqual(
    expect.arrayContaining(["exec", "portforward", "token", "scale"]),
  );
  return allowed;
}

describe("the API server lets the operator do this, and nothing else of all that it serves", () => {
  it("in the namespace of a budget", async () => {
    expect(await allowedIn(BUDGETS)).toEqual(EVERYWHERE);
  });

  it("in one that has none", async () => {
    expect(await allowedIn(ELSEWHERE)).toEqual(EVERYWHERE);
  });

  it("in its own, where it makes its Lease", async () => {
    expect(await allowedIn(OWN)).toEqual({
      ...EVERYWHERE,
      "leases.coordination.k8s.io": ["get", "create", "update"],
    });
  });

  it("outside of the resources", async () => {
    for (const path of ["/metrics", "/logs", "/debug/pprof"]) {
      expect([path, (await access.client.get(path)).status]).toEqual([path, 403]);
    }
  });
});

/** The verbs that are allowed of one object. */
async function allowedOf(object: Omit<ResourceAttributes, "verb">): Promise<readonly string[]> {
  const answers = await Promise.all(VERBS.map((verb) => access.mayI({ ...object, verb })));
  return VERBS.filter((_, index) => answers[index]);
}

describe("of one object that it names, the operator may", () => {
  it.each(["adopted-stats", "adopted-maintenance", "old-stats", "stories-postgres"])(
    "get Secret %s of a budget, there alone, and nothing else of it",
    async (name) => {
      const secret = { group: "", resource: "secrets", name };
      expect(await allowedOf({ ...secret, namespace: BUDGETS })).toEqual(["get"]);
      for (const namespace of [OWN, ELSEWHERE]) {
        expect(await allowedOf({ ...secret, namespace })).toEqual([]);
      }
      expect(await allowedOf(secret)).toEqual([]);
    },
  );

  it.each(["new-stories-postgres", "adopted-pgbouncer-auth", "author-db", "anything"])(
    "do nothing with Secret %s",
    async (name) => {
      const secret = { group: "", resource: "secrets", name };
      for (const namespace of [BUDGETS, OWN, ELSEWHERE]) {
        expect(await allowedOf({ ...secret, namespace })).toEqual([]);
      }
    },
  );

  it("read and write its Lease, whichever namespace it watches, and none elsewhere", async () => {
    const lease = { group: "coordination.k8s.io", resource: "leases" };
    for (const name of ["weir-operator", "weir-operator-writing"]) {
      const own = { ...lease, namespace: OWN, name };
      expect(await allowedOf(own)).toEqual(["get", "create", "update"]);
      expect(await allowedOf({ ...own, namespace: ELSEWHERE })).toEqual([]);
    }
  });

  it("read a Secret for real, and is refused another", async () => {
    for (const name of ["old-stats", "another"]) {
      const words = ["create", "secret", "generic", name, "-n", BUDGETS, "--from-literal=a=b"];
      expect(await cluster.kubectl(words)).toMatchObject({ code: 0 });
    }
    const read = (name: string) =>
      access.client.get(`/api/v1/namespaces/${BUDGETS}/secrets/${name}`);
    expect(await read("old-stats")).toMatchObject({ status: 200, body: { data: { a: "Yg==" } } });
    expect((await read("another")).status).toBe(403);
    expect((await access.client.get(`/api/v1/namespaces/${BUDGETS}/secrets`)).status).toBe(403);
  });
});

describe("these rights suffice", () => {
  const weir = { apiVersion: "weir.dev/v1alpha1", namespace: BUDGETS };
  const place = {
    ...weir,
    kind: "ConnectionBudget",
    plural: "connectionbudgets",
    name: "inherited",
  };

  beforeAll(async () => {
    const { fleet } = goldens((text) => text.replaceAll("writers", BUDGETS)).find(
      ({ name }) => name === "observed",
    ) ?? { fleet: { budgets: [], servers: [] } };
    const items = [...fleet.budgets, ...fleet.servers];
    await cluster.kubectl(
      ["create", "-f", "-"],
      JSON.stringify({ apiVersion: "v1", kind: "List", items }),
    );
  });

  it("to list what is looked at, in all namespaces", async () => {
    const budgets = await listObjects(access.client, place);
    expect(budgets.length).toBe(2);
    const pods = await listObjects(access.client, {
      apiVersion: "v1",
      kind: "Pod",
      plural: "pods",
    });
    expect(pods.length).toBe(2);
  });

  it("to write a status, and not the spec beside it", async () => {
    const write = () =>
      writeStatus(access.client, systemRuntime, {
        place,
        statusFor: () => ({ observedGeneration: 1 }),
        fieldManager: "weir",
      });
    expect(await write()).toBe("written");
    expect(await write()).toBe("unchanged");
    const path = `/apis/weir.dev/v1alpha1/namespaces/${BUDGETS}/connectionbudgets/inherited`;
    const refused = await access.client.request({
      method: "PATCH",
      path,
      contentType: "application/merge-patch+json",
      body: { spec: { policy: "Weighted" } },
    });
    expect(refused.status).toBe(403);
  });

  it("to take the lease, to renew it and to release it", async () => {
    const lease = { namespace: OWN, name: "weir-operator" };
    const { signal } = new AbortController();
    const holding = { holder: "one", durationMs: 15_000, atUs: 1 };
    const made = await writeLease(access.client, lease, undefined, holding, signal);
    const renewing = { ...holding, atUs: 2 };
    const renewed = await writeLease(access.client, lease, made, renewing, signal);
    const released = { holder: undefined, durationMs: 1000, atUs: 3 };
    expect(await writeLease(access.client, lease, renewed, released, signal)).toBeDefined();
    const read = await readLease(access.client, lease, signal);
    expect(read).toMatchObject({ holder: undefined });
  });

  it("to tell of an event, and to count it", async () => {
    const errors: unknown[] = [];
    const events = startEvents({
      client: access.client,
      runtime: systemRuntime,
      controller: "weir.dev/operator",
      instance: "one",
      onError: (error) => errors.push(error),
    });
    const { metadata } = await objectAt("cb/inherited");
    const regarding = { ...place, uid: metadata.uid };
    const told = async () => (await objectAt("events.events.k8s.io")).items ?? [];
    const report = () =>
      events.report({
        regarding,
        type: "Warning",
        reason: "Broken",
        action: "Observe",
        note: "sum",
      });
    report();
    await expect.poll(told).toMatchObject([{ reason: "Broken" }]);
    report();
    await expect.poll(told).toMatchObject([{ series: { count: 2 } }]);
    await events.stop();
    expect(errors).toEqual([]);
  });
});

interface BudgetObject {
  readonly metadata: { readonly uid: string };
  readonly items?: readonly unknown[];
}

/** An object, or a list of them, of the budgets' namespace. */
async function objectAt(name: string): Promise<BudgetObject> {
  const { stdout } = await cluster.kubectl(["get", name, "-n", BUDGETS, "-o", "json"]);
  return JSON.parse(stdout);
}
