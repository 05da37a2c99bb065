import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runBlock, shellBlocks } from "../docs/shellBlocks.ts";
import { conditionsOf } from "../operator/objects.ts";
import { freePort } from "../parts/ports.ts";
import { startProcess } from "../../tools/processes/processes.ts";
import { ROOT } from "../synth/commands.ts";
import { applied } from "./applying.ts";
import { CLUSTER_START_TIMEOUT_MS, startOwnCluster, type Cluster } from "./cluster.ts";

/**
 * docs/install.md, command by command: an older weir's kinds with objects of theirs, upgraded, then
 * the operator removed, then the kinds.
 */

const OLDER_CRDS = join(import.meta.dirname, "olderCrds.yaml");
const NAMESPACE = "weir-upgraded";

const BUDGET = {
  apiVersion: "weir.dev/v1alpha1",
  kind: "ConnectionBudget",
  metadata: { name: "studio", namespace: NAMESPACE },
  spec: {
    mode: "Observe",
    postgres: { host: "pg", database: "stories", credentialsSecretRef: { name: "pg" } },
    pgbouncer: { maxClientConn: 200 },
  },
};
const SERVER = {
  apiVersion: "weir.dev/v1alpha1",
  kind: "McpServer",
  metadata: { name: "scene", namespace: NAMESPACE },
  spec: { budgetRef: { name: "studio" }, image: "example/scene:1", port: 3005 },
};
/** In a namespace of its own: `existing.processes` came later. */
const OBSERVED = "weir-observed";
const UNCOUNTED = {
  ...BUDGET,
  metadata: { name: "old", namespace: OBSERVED },
  spec: {
    ...BUDGET.spec,
    pgbouncer: {
      maxClientConn: 200,
      existing: { host: "old-pgbouncer", statsSecretRef: { name: "old-stats" } },
    },
  },
};
const CONDITION = {
  type: "Ready",
  status: "False",
  reason: "Broken",
  message: "200 of 190",
  lastTransitionTime: "2026-01-01T00:00:00Z",
  observedGeneration: 1,
};
/** A workload that nobody owns, with the Role that lets the operator read a budget's Secrets. */
const WORKLOAD = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "scene", namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: { app: "scene" } },
      template: {
        metadata: { labels: { app: "scene" } },
        spec: { containers: [{ name: "server", image: "example/scene:1" }] },
      },
    },
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "somebody-elses", namespace: NAMESPACE },
    rules: [],
  },
];

// Each starts many programs, on a machine that runs other tests too.
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startOwnCluster({ controllerManager: true });
  await applied(cluster, OLDER_CRDS);
  await cluster.kubectl(["wait", "--for=condition=Established", "--filename", OLDER_CRDS]);
  await cluster.kubectl(["create", "namespace", NAMESPACE]);
  await cluster.kubectl(["create", "namespace", OBSERVED]);
  for (const object of [BUDGET, UNCOUNTED, SERVER, ...WORKLOAD]) {
    await done(["create", "-f", "-"], JSON.stringify(object));
  }
  for (const name of ["cb/studio", "mcps/scene"]) {
    const status = JSON.stringify({ status: { conditions: [CONDITION] } });
    const words = ["patch", name, "-n", NAMESPACE, "--subresource=status", "--type=merge", "-p"];
    await done([...words, status]);
  }
}, CLUSTER_START_TIMEOUT_MS);

afterAll(() => cluster.stop());

/** @throws when kubectl fails */
async function done(words: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(words, stdin);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** An object as the API server gives it. */
interface AppliedState {
  readonly metadata: { readonly uid: string; readonly generation: number };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: { readonly conditions?: unknown; readonly replicas?: number };
}

async function read(name: string, namespace = NAMESPACE): Promise<AppliedState> {
  return JSON.parse(await done(["get", name, "-n", namespace, "-o", "json"]));
}

async function names(kind: string, ...words: readonly string[]): Promise<readonly string[]> {
  const shown = await done(["get", kind, "-o", "name", ...words]);
  return shown.split("\n").filter((line) => line !== "");
}

function ofWeir(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.includes("weir"));
}

/** All commands below a heading of docs/install.md. */
async function follow(heading: string): Promise<void> {
  const blocks = shellBlocks("install.md").get(heading) ?? [];
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) {
    await runBlock(block, { folder: ROOT, kubeconfigPath: cluster.kubeconfigPath });
  }
}

describe("docs/install.md", () => {
  it("upgrades an older weir's kinds: objects stay, with their statuses, and get new defaults", async () => {
    const before = { budget: await read("cb/studio"), server: await read("mcps/scene") };
    expect(before.server.spec).not.toHaveProperty("priority");
    await follow("Install");
    await follow("Upgrade");
    const after = { budget: await read("cb/studio"), server: await read("mcps/scene") };
    for (const kind of ["budget", "server"] as const) {
      const { uid, generation } = before[kind].metadata;
      expect(after[kind].metadata).toMatchObject({ uid, generation });
      expect(after[kind].spec).toMatchObject(before[kind].spec);
      expect(after[kind].status.conditions).toEqual([CONDITION]);
    }
    // It comes with reading; the API server takes its time until it serves the new schema.
    await expect.poll(async () => (await read("mcps/scene")).spec.priority).toBe(0);
    const header = (await cluster.kubectl(["get", "mcps", "-n", NAMESPACE])).stdout.split("\n")[0];
    expect(header).toContain("READY");
  });

  it("says of an older budget with an existing PgBouncer what to write, and never that it is well", async () => {
    const old = () => read("cb/old", OBSERVED);
    const told = async () => {
      const conditions = conditionsOf((await old()).status);
      return conditions.map(
        ({ type, status, reason }) => `${String(type)}=${String(status)} ${String(reason)}`,
      );
    };
    const types = ["Feasible", "WithinBudget", "ConfigApplied", "PostgresGuarded", "Ready"];
    const well = types.map((type) => ({ ...CONDITION, type, status: "True", reason: "Well" }));
    const words = ["patch", "cb/old", "-n", OBSERVED, "--type=merge", "-p"];
    const patch = JSON.stringify({ status: { conditions: well } });
    await done([...words, patch, "--subresource=status"]);

    const port = await freePort();
    const operator = await startProcess({
      command: process.execPath,
      args: [join(ROOT, "bin/weir.js"), "operator", "--port", `${port}`, "--namespace", OBSERVED],
      env: { KUBECONFIG: cluster.kubeconfigPath, POD_NAMESPACE: "default" },
    });
    try {
      await expect.poll(told).toEqual(types.map((type) => `${type}=Unknown NotUnderstood`));
      const [feasible] = conditionsOf((await old()).status);
      expect(feasible?.["message"]).toMatch(
        /spec\.pgbouncer\.existing\.processes: .*must say how many PgBouncer processes/,
      );
      // The API server takes its time until it keeps the new field.
      await expect
        .poll(async () => {
          const processes = { spec: { pgbouncer: { existing: { processes: 1 } } } };
          await done([...words, JSON.stringify(processes)]);
          return (await old()).spec["pgbouncer"];
        })
        .toMatchObject({ existing: { processes: 1 } });
      await expect.poll(async () => (await told())[0]).toBe("Feasible=True Fits");
    } finally {
      await operator.stop("SIGTERM");
    }
  });

  it("removes the operator, and leaves kinds, objects and workloads", async () => {
    const role = { name: "weir-operator-studio", namespace: NAMESPACE };
    const labels = "app.kubernetes.io/managed-by=weir,weir.dev/budget=studio";
    await cluster.kubectl([
      "create",
      "role",
      role.name,
      "-n",
      NAMESPACE,
      "--verb=get",
      "--resource=secrets",
    ]);
    await cluster.kubectl(["label", "role", role.name, "-n", NAMESPACE, ...labels.split(",")]);
    expect(await names("roles", "-n", NAMESPACE)).toHaveLength(2);

    await follow("Remove");
    expect(await names("namespace", "weir-system", "--ignore-not-found")).toEqual([]);
    expect(ofWeir(await names("clusterroles"))).toEqual([]);
    expect(ofWeir(await names("clusterrolebindings"))).toEqual([]);
    expect(await names("roles", "-n", NAMESPACE)).toEqual([
      "role.rbac.authorization.k8s.io/somebody-elses",
    ]);
    expect(ofWeir(await names("crds"))).toHaveLength(2);
    for (const name of ["cb/studio", "mcps/scene"]) {
      expect((await read(name)).status.conditions).toEqual([CONDITION]);
    }
    await expect.poll(async () => (await read("deployment/scene")).status.replicas).toBe(1);
  });

  it("is followed again, and finds the objects as they were left", async () => {
    await follow("Install");
    expect((await read("cb/studio")).status.conditions).toEqual([CONDITION]);
    await follow("Remove");
  });

  it("removes the kinds, and with them the objects, but no workload", async () => {
    await follow("Remove the kinds too");
    expect(ofWeir(await names("crds"))).toEqual([]);
    await applied(cluster, OLDER_CRDS);
    await cluster.kubectl(["wait", "--for=condition=Established", "--filename", OLDER_CRDS]);
    // It says so a moment before it serves them.
    await expect.poll(() => names("cb,mcps", "--all-namespaces")).toEqual([]);
    expect((await read("deployment/scene")).status.replicas).toBe(1);
  });

  it("has no other commands", () => {
    expect([...shellBlocks("install.md").keys()]).toEqual([
      "Install",
      "Upgrade",
      "Remove",
      "Remove the kinds too",
    ]);
  });
});
