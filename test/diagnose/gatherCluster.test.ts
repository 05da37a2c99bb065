import { readFile, writeFile } from "node:fs/promises";

import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { STATS_LOGIN } from "../../src/api/names.ts";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import {
  API_SERVER_START_TIMEOUT_MS,
  type ApiServer,
  startApiServer,
} from "../cluster/apiServer.ts";
import { weir } from "../fleets/fakeShell.ts";
import { type Postgres, startPostgres } from "../parts/postgres.ts";
import { exampleFleet } from "../system/exampleFleet.ts";
import { startTier, type StartedTier } from "../system/weirTier.ts";
import { gather, socketFrom, unseenOf } from "./foreignPgBouncer.ts";

const AUTHOR = "127.0.1.7";
const STRANGER = "127.0.1.8";
const MANIFESTS = [
  "00-namespaces.yaml",
  "10-writing.writing-pgbouncer.yaml",
  "20-writing.author.yaml",
  "20-writing.scene.yaml",
];

/** As long as controllers may take to make what others wait for. */
const WAIT = { timeout: 120_000, interval: 100 };

let server: ApiServer;
let postgres: Postgres;
let tier: StartedTier;
let pods: Readonly<Record<"author" | "scene" | "stranger", string>>;
const clients: Client[] = [];

beforeAll(async () => {
  server = await startApiServer({ controllerManager: true });
  for (const name of MANIFESTS) {
    await kubectl(["apply", "-f", "-"], await readFile(`manifests/${name}`, "utf8"));
  }
  await kubectl(["create", "namespace", "elsewhere"]);
  await vi.waitUntil(
    async () => (await server.kubectl(["-n", "elsewhere", "get", "sa", "default"])).code === 0,
    WAIT,
  );
  const stranger = { name: "stranger", image: "example/stranger:1" };
  await kubectl(
    ["apply", "-f", "-"],
    JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "stranger", namespace: "elsewhere" },
      spec: { containers: [stranger] },
    }),
  );
  pods = {
    author: await podOf("author"),
    scene: await podOf("scene"),
    stranger: "stranger",
  };
  await run("writing", pods.author, AUTHOR);
  await run("elsewhere", pods.stranger, STRANGER);

  postgres = await startPostgres();
  tier = await startTier({ fleet: exampleFleet(postgres), postgres });
  for (const address of [AUTHOR, AUTHOR, STRANGER]) {
    const [{ port }] = tier.bouncers;
    const client = new Client({
      host: "127.0.0.1",
      port,
      user: "author",
      database: "author",
      password: tier.passwordOf("author"),
      stream: () => socketFrom(address),
    });
    await client.connect();
    clients.push(client);
  }
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await tier.stop();
  await postgres.stop();
  await server.stop();
});

async function kubectl(args: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await server.kubectl(args, stdin);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

/** The pod that the controllers make for a server. */
async function podOf(instance: string): Promise<string> {
  const words = ["-n", "writing", "get", "pod", "-o", "jsonpath={.items[0].metadata.name}"];
  const list = [...words, "-l", `app.kubernetes.io/instance=${instance}`];
  await vi.waitUntil(async () => (await server.kubectl(list)).stdout !== "", WAIT);
  return kubectl(list);
}

/** What a kubelet would say of it. */
async function run(namespace: string, pod: string, podIP: string): Promise<void> {
  const conditions = [{ type: "Ready", status: "True" }];
  const status = { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions };
  const patch = ["patch", "pod", pod, "--subresource=status", "--type=merge"];
  await kubectl(["-n", namespace, ...patch, "-p", JSON.stringify({ status })]);
}

function statsUrl(): string {
  const [{ port }] = tier.bouncers;
  return `postgres://${STATS_LOGIN}:${tier.passwordOf(STATS_LOGIN)}@127.0.0.1:${port}/pgbouncer`;
}

function ask(cluster: { readonly namespace?: string; readonly all?: boolean }) {
  return gather({ pgbouncers: [statsUrl()], cluster }, { KUBECONFIG: server.kubeconfigPath });
}

test("a client's address says its pod, and the pod its workload", async () => {
  const live = await ask({ namespace: "writing" });

  expect(live.workloads).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        name: "Deployment writing/author",
        line: "author",
        user: "author",
        // As the manifests have them: of the fleet's plan.
        poolMax: 5,
        poolMaxFrom: expect.stringContaining("DB_POOL_MAX_PER_SERVER"),
        peakPods: 2,
        replicas: 1,
        processesPerPod: 1,
        pods: [{ name: pods.author, address: AUTHOR, ready: true, terminating: false }],
      }),
    ]),
  );
  const { poolers } = diagnose(live);
  expect(poolers[0]?.holders).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        address: AUTHOR,
        clients: 2,
        workload: "Deployment writing/author",
        pod: pods.author,
      }),
    ]),
  );
});

async function namesIn(cluster: Parameters<typeof ask>[0]): Promise<readonly string[]> {
  return (await ask(cluster)).workloads?.map(({ name }) => name) ?? [];
}

test("of all namespaces, a pod that nobody made is reported too, when it is observed", async () => {
  expect(await namesIn({ all: true })).toContain("Pod elsewhere/stranger");
  expect(await namesIn({ namespace: "writing" })).not.toContain("Pod elsewhere/stranger");
});

test("a cluster that can't be read is said, and the rest is reported", async () => {
  const live = await gather(
    { pgbouncers: [statsUrl()], cluster: { namespace: "writing" } },
    { KUBECONFIG: "/absent/kubeconfig" },
  );

  expect(live.pgbouncers).toHaveLength(1);
  expect(unseenOf(live, "the cluster")).toMatchObject({
    why: "KUBECONFIG names no file that is there: /absent/kubeconfig",
  });
});

test("kinds that may not be listed are named one by one", async () => {
  const KUBECONFIG = await kubeconfigOf("nobody");
  const live = await gather({ pgbouncers: [], cluster: { namespace: "writing" } }, { KUBECONFIG });

  expect(live.workloads).toBeUndefined();
  expect(unseenOf(live, "Pods of namespace writing")).toMatchObject({
    why: expect.stringContaining('cannot list resource "pods"'),
    next: "kubectl auth can-i list pods: the role `view` may",
  });
});

const HALF = "system:serviceaccount:elsewhere:half";

test("where some are missing, pods are reported, but no figure that what is missing might change", async () => {
  const KUBECONFIG = await kubeconfigOf("half");
  const apps = ["replicasets", "deployments", "statefulsets", "daemonsets"];
  const listed = [...apps.map((kind) => `${kind}.apps`), "pods", "services", "configmaps"];
  const kinds = listed.flatMap((kind) => ["--resource", kind]);
  await kubectl(["-n", "writing", "create", "role", "half", "--verb", "list", ...kinds]);
  const subject = "--serviceaccount=elsewhere:half";
  await kubectl(["-n", "writing", "create", "rolebinding", "half", "--role=half", subject]);
  // The API server acts on it when it has heard of both itself.
  const mayList = ["-n", "writing", "auth", "can-i", "list", "pods", "--as", HALF];
  await vi.waitUntil(async () => (await server.kubectl(mayList)).code === 0, WAIT);
  const live = await gather(
    { pgbouncers: [statsUrl()], cluster: { namespace: "writing" } },
    { KUBECONFIG },
  );

  expect(live.workloads).toEqual([
    {
      name: "Deployment writing/author",
      processesPerPod: 1,
      replicas: 1,
      pods: [{ name: pods.author, address: AUTHOR, ready: true, terminating: false }],
    },
  ]);
  expect(unseenOf(live, "HorizontalPodAutoscalers of namespace writing")).toBeDefined();
});

/** A kubeconfig of a new ServiceAccount, which may do nothing yet. */
async function kubeconfigOf(account: string): Promise<string> {
  await kubectl(["-n", "elsewhere", "create", "serviceaccount", account]);
  const token = await kubectl(["-n", "elsewhere", "create", "token", account]);
  const cluster = { server: server.url, "certificate-authority-data": server.caData };
  const path = `${server.kubeconfigPath}-of-${account}`;
  await writeFile(
    path,
    JSON.stringify({
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: { token } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );
  return path;
}

test("without a PgBouncer to ask, it says how to reach those of the cluster", async () => {
  const { exitCode, err } = await weir(["diagnose", "--namespace", "writing"], {
    env: { KUBECONFIG: server.kubeconfigPath },
  });

  expect(exitCode).toBe(2);
  expect(err).toContain("kubectl -n writing port-forward pod/writing-pgbouncer-0 6432:6432");
  expect(err).toContain("--pgbouncer postgres://weir_stats@127.0.0.1:6432/pgbouncer");
  expect(err).toContain("get secret writing-stats");
});
