import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Operator } from "../../src/operator/operator.ts";
import { API_SERVER_START_TIMEOUT_MS } from "../cluster/apiServer.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { freePort } from "../parts/ports.ts";
import { budget, deployment, mcpServer, pgbouncerPod, pod, podIp, secret } from "./objects.ts";
import { makeRole, PASSWORDS, startPooler, type PoolerSpec } from "./pooler.ts";
import { selfSigned } from "../system/certificate.ts";
import { startScene, type Scene, type Sent } from "./scene.ts";
import { conditionsOf } from "./tellingJudge.ts";

let scene: Scene;
let postgres: Postgres;
const poolers: PgBouncer[] = [];
const operators: Operator[] = [];

beforeAll(async () => {
  [scene, postgres] = await Promise.all([startScene(), startPostgres()]);
  await makeRole(postgres, 40);
  await postgres.query("ALTER ROLE app SET client_connection_check_interval = '1s'");
}, API_SERVER_START_TIMEOUT_MS);

afterEach(async () => {
  await Promise.all(operators.splice(0).map((each) => each.stop()));
  await Promise.all(poolers.splice(0).map((each) => each.stop()));
});

afterAll(async () => {
  await scene.stop();
  await postgres.stop();
});

async function operate(): Promise<void> {
  operators.push(await scene.operate());
}

async function pooler(spec: PoolerSpec): Promise<PgBouncer> {
  const started = await startPooler(postgres, spec);
  poolers.push(started);
  return started;
}

/** What is said in a condition: `Seen: …`. */
async function said(object: Sent, type: string): Promise<string> {
  const { status } = await scene.read(object);
  const condition = conditionsOf(status).find((each) => each["type"] === type);
  return `${String(condition?.["reason"])}: ${String(condition?.["message"])}`;
}

function env(value: string) {
  return [{ name: "DB_POOL_MAX_PER_SERVER", value }];
}

function postgresParts() {
  return { postgresPort: postgres.port };
}

test("weir's own PgBouncer and its Postgres are seen as soon as their Secrets are there", async () => {
  const namespace = await scene.namespace("own");
  const ip = podIp();
  const own = budget(namespace, "writing", postgresParts());
  await pooler({ ip });
  await scene.create(own);
  await scene.create(pgbouncerPod(namespace, "writing-pgbouncer-0", "writing", ip));
  await operate();
  await expect
    .poll(() => said(own, "Pooler0"))
    .toBe("SecretMissing: there is no Secret own/writing-stats");
  await expect
    .poll(() => said(own, "Postgres"))
    .toBe("SecretMissing: there is no Secret own/writing-maintenance");

  await scene.create(
    secret(namespace, "writing-stats", { username: "weir_stats", password: PASSWORDS.weir_stats }),
  );
  await scene.create(secret(namespace, "writing-maintenance", { password: PASSWORDS.maintenance }));
  await expect
    .poll(() => said(own, "Pooler0"))
    .toBe("Seen: writing-pgbouncer-0 version 1 max 50 author=10 maintenance=4");
  await expect
    .poll(() => said(own, "Postgres"))
    .toBe("Seen: max 100, limit 40, check 1000, keepalive 0, app exists true superuser false");
});

test("a wrong password, a PgBouncer that is killed and one that comes back", async () => {
  const namespace = await scene.namespace("killed");
  const ip = podIp();
  const own = budget(namespace, "writing", postgresParts());
  const first = await pooler({ ip });
  await scene.create(own);
  await scene.create(pgbouncerPod(namespace, "writing-pgbouncer-0", "writing", ip));
  const stats = secret(namespace, "writing-stats", { password: "hush-wrong" });
  await scene.create(stats);
  await operate();
  await expect
    .poll(() => said(own, "Pooler0"))
    .toMatch(
      /^LoginRefused: can't ask PgBouncer writing-pgbouncer-0 .*weir_stats.*Secret killed\/writing-stats.*; if its Secret is newer than the process: kubectl rollout restart --namespace killed statefulset\/writing-pgbouncer$/,
    );
  await scene.patch(stats, { stringData: { password: PASSWORDS.weir_stats } });
  await expect.poll(() => said(own, "Pooler0")).toMatch(/^Seen: /);

  first.kill("SIGKILL");
  await expect.poll(() => said(own, "Pooler0")).toMatch(/^Unreachable: .*nothing listens there/);
  const startedMs = Date.now();
  await pooler({ ip });
  await expect.poll(() => said(own, "Pooler0")).toMatch(/^Seen: /);
  process.stderr.write(`measured: seen again ${Date.now() - startedMs} ms after a start\n`);
});

test("a PgBouncer that speaks TLS alone, by the CA of its Secret and the name of its Service", async () => {
  const namespace = await scene.namespace("tls");
  const ip = podIp();
  const certificate = await selfSigned("pooler", ["DNS:writing-pgbouncer.tls.svc"]);
  const foreign = await selfSigned("pooler", ["DNS:writing-pgbouncer.tls.svc"]);
  await pooler({ ip, tls: certificate });
  const own = budget(namespace, "writing", {
    ...postgresParts(),
    tls: { secretName: "writing-tls" },
  });
  const tls = secret(namespace, "writing-tls", { "ca.crt": foreign.cert });
  for (const object of [
    own,
    tls,
    pgbouncerPod(namespace, "writing-pgbouncer-0", "writing", ip),
    secret(namespace, "writing-stats", { password: PASSWORDS.weir_stats }),
    secret(namespace, "writing-maintenance", { password: PASSWORDS.maintenance }),
  ]) {
    await scene.create(object);
  }
  await operate();
  await expect.poll(() => said(own, "Pooler0")).toMatch(/^Unreachable: .*TLS failed: self-signed/);
  await scene.patch(tls, { stringData: { "ca.crt": certificate.cert } });
  await expect.poll(() => said(own, "Pooler0")).toMatch(/^Seen: /);
  await expect.poll(() => said(own, "Postgres")).toMatch(/^Seen: /);
});

test("an existing PgBouncer, by address, and as a Service with endpoints", async () => {
  const namespace = await scene.namespace("existing");
  const [ip, port] = [podIp(), await freePort()];
  await pooler({ ip, port });
  await scene.create(secret(namespace, "old-stats", { username: "eye", password: PASSWORDS.eye }));
  await scene.create(secret(namespace, "app", { password: PASSWORDS.app }));
  const byAddress = budget(namespace, "address", {
    ...postgresParts(),
    existing: { host: ip, port },
  });
  const byService = budget(namespace, "service", {
    ...postgresParts(),
    existing: { host: "old.existing.svc", port: 6432 },
  });
  await scene.create(byAddress);
  await scene.create(byService);
  await operate();
  await expect
    .poll(() => said(byAddress, "Pooler0"))
    .toMatch(new RegExp(`^Seen: ${ip}:${port} .*author=10`));
  await expect.poll(() => said(byAddress, "Postgres")).toMatch(/^Seen: max 100, limit 40/);
  await expect.poll(() => said(byAddress, "Ready")).toMatch(/^Told: neighbours [1-9]/);
  await expect
    .poll(() => said(byService, "Poolers"))
    .toMatch(/^HostNotFound: .*old\.existing\.svc/);

  await scene.create({
    apiVersion: "v1",
    kind: "Service",
    plural: "services",
    namespace,
    name: "old",
    fields: { spec: { ports: [{ name: "pg", port: 6432, targetPort: port }] } },
  });
  await expect
    .poll(() => said(byService, "Poolers"))
    .toMatch(/^NoPods: Service existing\/old has no endpoint/);
  await scene.create({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    plural: "endpointslices",
    namespace,
    name: "old-1",
    metadata: { labels: { "kubernetes.io/service-name": "old" } },
    fields: {
      addressType: "IPv4",
      ports: [{ name: "pg", port, protocol: "TCP" }],
      endpoints: [
        {
          // The API server takes no loopback address: poolerTargets.test.ts has those that are.
          addresses: ["10.1.2.3"],
          conditions: { ready: false, terminating: true },
        },
      ],
    },
  });
  await expect.poll(() => said(byService, "Poolers")).toMatch(/^NoPods: /);
});

test("what runs of a server: its workload, its scaler, its pods with their own sizes", async () => {
  const namespace = await scene.namespace("workloads");
  const own = budget(namespace, "writing", postgresParts());
  const author = mcpServer(namespace, "author", { budgetRef: { name: "writing" } });
  const old = mcpServer(namespace, "old", {
    budgetRef: { name: "writing" },
    workloadRef: { kind: "Deployment", name: "planner" },
    pool: { env: { max: "POOL_MAX" } },
  });
  for (const object of [own, author, old]) await scene.create(object);
  await scene.create(deployment(namespace, "author", { replicas: 2, env: env("7") }));
  await scene.create(
    pod(namespace, "author-1", { ip: podIp(), ofDeployment: "author", env: env("7") }),
  );
  await scene.create(
    pod(namespace, "author-0", {
      ip: podIp(),
      ready: false,
      ofDeployment: "author",
      env: env("20"),
    }),
  );
  await scene.create({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    namespace,
    name: "planner",
    fields: {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "planner" },
        maxReplicas: 9,
      },
    },
  });
  await operate();
  await expect
    .poll(() => said(author, "Ready"))
    .toBe(
      `Told: ${JSON.stringify({ replicas: 2, rollout: "RollingUpdate", poolMax: 7, from: "env DB_POOL_MAX_PER_SERVER of container main" })}`,
    );
  await expect.poll(() => said(author, "WithinGrant")).toBe("Told: author-0 20, author-1 ready 7");
  await expect.poll(() => said(old, "Ready")).toBe("Told: {}");

  await scene.create(deployment(namespace, "planner", { env: [{ name: "POOL_MAX", value: "3" }] }));
  await expect
    .poll(() => said(old, "Ready"))
    .toBe(
      `Told: ${JSON.stringify({ replicas: 1, rollout: "RollingUpdate", hpa: 9, poolMax: 3, from: "env POOL_MAX of container main" })}`,
    );
  // Pods of a Deployment that is gone hold connections until they are gone, too.
  await scene.remove(deployment(namespace, "author"));
  await expect.poll(() => said(author, "Ready")).toBe("Told: {}");
  await expect.poll(() => said(author, "WithinGrant")).toBe("Told: author-0 20, author-1 ready 7");
});

test("a server whose budget is not there, and then is", async () => {
  const namespace = await scene.namespace("orphan");
  const author = mcpServer(namespace, "author", { budgetRef: { name: "writing" } });
  await scene.create(author);
  await operate();
  await expect.poll(() => said(author, "Ready")).toBe("BudgetMissing: there is no budget");
  const own = budget(namespace, "writing", postgresParts());
  await scene.create(own);
  await expect.poll(() => said(author, "Ready")).toBe("Told: {}");
  await scene.remove(own);
  await expect.poll(() => said(author, "Ready")).toBe("BudgetMissing: there is no budget");
});

test("no password is in a log or a status", async () => {
  const { stdout } = await scene.server.kubectl([
    "get",
    "connectionbudgets,mcpservers,events.events.k8s.io",
    "--all-namespaces",
    "--output=json",
  ]);
  const all = scene.logged() + stdout;
  expect(all.includes("it refuses the login weir_stats")).toBe(true);
  const passwords = [...Object.values(PASSWORDS), "hush-wrong"];
  expect(passwords.filter((password) => all.includes(password))).toEqual([]);
});
