import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { PodSnapshot } from "../../src/model/workload.ts";
import { API_SERVER_START_TIMEOUT_MS } from "../cluster/apiServer.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { freePort } from "../parts/ports.ts";
import {
  budget,
  conditionsOf,
  deployment,
  mcpServer,
  pgbouncerPod,
  pod,
  podIp,
  secret,
} from "./objects.ts";
import { observe as observeCluster, type Observing } from "./observing.ts";
import { makeRole, PASSWORDS, startPooler, type PoolerSpec } from "./pooler.ts";
import { selfSigned } from "../system/certificate.ts";
import { startControlPlane, type ControlPlane } from "./controlPlane.ts";

let controlPlane: ControlPlane;
let postgres: Postgres;
const poolers: PgBouncer[] = [];
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [controlPlane, postgres] = await Promise.all([startControlPlane(), startPostgres()]);
  await makeRole(postgres, 40);
  await postgres.query("ALTER ROLE app SET client_connection_check_interval = '1s'");
}, API_SERVER_START_TIMEOUT_MS);

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await Promise.all(poolers.splice(0).map((each) => each.stop()));
});

afterAll(async () => {
  await controlPlane.stop();
  await postgres.stop();
});

async function observe(): Promise<Observing> {
  const observing = await observeCluster(controlPlane.client);
  stops.push(observing.stop);
  return observing;
}

async function pooler(spec: PoolerSpec): Promise<PgBouncer> {
  const started = await startPooler(postgres, spec);
  poolers.push(started);
  return started;
}

function unavailable(reason: string, message: string | RegExp) {
  return { state: "unavailable", reason, message: expect.stringMatching(message) };
}

const AVAILABLE = { state: "available" };

function env(value: string) {
  return [{ name: "DB_POOL_MAX_PER_SERVER", value }];
}

function postgresParts() {
  return { postgresPort: postgres.port };
}

test("weir's own PgBouncer and its Postgres are observed as soon as their Secrets are there", async () => {
  const namespace = await controlPlane.namespace("own");
  const ip = podIp();
  const own = budget(namespace, "writing", postgresParts());
  await pooler({ ip });
  await controlPlane.create(own);
  await controlPlane.create(pgbouncerPod(namespace, "writing-pgbouncer-0", "writing", ip));
  const observed = await observe();
  await expect
    .poll(() => observed.process(own))
    .toEqual(unavailable("SecretMissing", /^there is no Secret own\/writing-stats$/));
  await expect
    .poll(() => observed.snapshot(own)?.postgres)
    .toEqual(unavailable("SecretMissing", /^there is no Secret own\/writing-maintenance$/));

  await controlPlane.create(
    secret(namespace, "writing-stats", { username: "weir_stats", password: PASSWORDS.weir_stats }),
  );
  await controlPlane.create(
    secret(namespace, "writing-maintenance", { password: PASSWORDS.maintenance }),
  );
  await expect
    .poll(() => observed.pgbouncers(own))
    .toMatchObject({
      value: [
        {
          name: "writing-pgbouncer-0",
          observation: {
            value: {
              version: expect.stringMatching(/^1\./),
              lines: [
                { name: "author", maxClientConnections: 10 },
                { name: "maintenance", maxClientConnections: 4 },
              ],
            },
          },
        },
      ],
    });
  const process = observed.process(own);
  expect(process?.state === "available" && process.value.config.get("max_client_conn")).toBe("50");
  await expect
    .poll(() => observed.snapshot(own)?.postgres)
    .toMatchObject({
      value: {
        maxConnections: 100,
        role: {
          name: "app",
          exists: true,
          superuser: false,
          connectionLimit: 40,
          clientConnectionCheckIntervalMs: 1000,
          keepaliveS: 0,
        },
      },
    });
});

test("a wrong password, a PgBouncer that is killed and one that comes back", async () => {
  const namespace = await controlPlane.namespace("killed");
  const ip = podIp();
  const own = budget(namespace, "writing", postgresParts());
  const first = await pooler({ ip });
  await controlPlane.create(own);
  await controlPlane.create(pgbouncerPod(namespace, "writing-pgbouncer-0", "writing", ip));
  const stats = secret(namespace, "writing-stats", { password: "hush-wrong" });
  await controlPlane.create(stats);
  const observed = await observe();
  await expect
    .poll(() => observed.process(own))
    .toEqual(
      unavailable(
        "LoginRefused",
        /^can't ask PgBouncer writing-pgbouncer-0 .*weir_stats.*Secret killed\/writing-stats.*; if its Secret is newer than the process: kubectl rollout restart --namespace killed statefulset\/writing-pgbouncer$/,
      ),
    );
  await controlPlane.patch(stats, { stringData: { password: PASSWORDS.weir_stats } });
  await expect.poll(() => observed.process(own)).toMatchObject(AVAILABLE);

  first.kill("SIGKILL");
  await expect
    .poll(() => observed.process(own))
    .toEqual(unavailable("Unreachable", /nothing listens there/));
  const startedMs = Date.now();
  await pooler({ ip });
  await expect.poll(() => observed.process(own)).toMatchObject(AVAILABLE);
  process.stderr.write(`measured: seen again ${Date.now() - startedMs} ms after a start\n`);
});

test("a PgBouncer that speaks TLS alone, by the CA of its Secret and the name of its Service", async () => {
  const namespace = await controlPlane.namespace("tls");
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
    await controlPlane.create(object);
  }
  const observed = await observe();
  await expect
    .poll(() => observed.process(own))
    .toEqual(unavailable("Unreachable", /TLS failed: self-signed/));
  await controlPlane.patch(tls, { stringData: { "ca.crt": certificate.cert } });
  await expect.poll(() => observed.process(own)).toMatchObject(AVAILABLE);
  await expect.poll(() => observed.snapshot(own)?.postgres).toMatchObject(AVAILABLE);
});

test("an existing PgBouncer, by address, and as a Service with endpoints", async () => {
  const namespace = await controlPlane.namespace("existing");
  const [ip, port] = [podIp(), await freePort()];
  await pooler({ ip, port });
  await controlPlane.create(
    secret(namespace, "old-stats", { username: "eye", password: PASSWORDS.eye }),
  );
  await controlPlane.create(secret(namespace, "app", { password: PASSWORDS.app }));
  const byAddress = budget(namespace, "address", {
    ...postgresParts(),
    existing: { host: ip, port },
  });
  const byService = budget(namespace, "service", {
    ...postgresParts(),
    existing: { host: "old.existing.svc", port: 6432 },
  });
  await controlPlane.create(byAddress);
  await controlPlane.create(byService);
  const observed = await observe();
  await expect
    .poll(() => observed.pgbouncers(byAddress))
    .toMatchObject({
      value: [
        {
          name: `${ip}:${port}`,
          observation: { value: { lines: [{ name: "author", maxClientConnections: 10 }, {}] } },
        },
      ],
    });
  await expect
    .poll(() => observed.snapshot(byAddress)?.postgres)
    .toMatchObject({ value: { maxConnections: 100, role: { connectionLimit: 40 } } });
  const neighbours = observed.snapshot(byAddress)?.neighbours.map(({ metadata }) => metadata.name);
  expect(neighbours).toContain("service");
  await expect
    .poll(() => observed.pgbouncers(byService))
    .toEqual(unavailable("HostNotFound", /old\.existing\.svc/));

  await controlPlane.create({
    apiVersion: "v1",
    kind: "Service",
    plural: "services",
    namespace,
    name: "old",
    fields: { spec: { ports: [{ name: "pg", port: 6432, targetPort: port }] } },
  });
  await expect
    .poll(() => observed.pgbouncers(byService))
    .toEqual(unavailable("NoPods", /^Service existing\/old has no endpoint/));
  await controlPlane.create({
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
  await expect.poll(() => observed.pgbouncers(byService)).toEqual(unavailable("NoPods", /./));
});

test("what runs of a server: its workload, its scaler, its pods with their own sizes", async () => {
  const namespace = await controlPlane.namespace("workloads");
  const own = budget(namespace, "writing", postgresParts());
  const author = mcpServer(namespace, "author", { budgetRef: { name: "writing" } });
  const old = mcpServer(namespace, "old", {
    budgetRef: { name: "writing" },
    workloadRef: { kind: "Deployment", name: "planner" },
    pool: { env: { max: "POOL_MAX" } },
  });
  for (const object of [own, author, old]) await controlPlane.create(object);
  await controlPlane.create(deployment(namespace, "author", { replicas: 2, env: env("7") }));
  await controlPlane.create(
    pod(namespace, "author-1", { ip: podIp(), ofDeployment: "author", env: env("7") }),
  );
  await controlPlane.create(
    pod(namespace, "author-0", {
      ip: podIp(),
      ready: false,
      ofDeployment: "author",
      env: env("20"),
    }),
  );
  await controlPlane.create({
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
  const observed = await observe();
  const size = { rollout: "RollingUpdate", poolMaxFrom: "env POOL_MAX of container main" };
  await expect
    .poll(() => observed.server(own, "author")?.workload)
    .toMatchObject({
      ...size,
      replicas: 2,
      poolMax: 7,
      poolMaxFrom: "env DB_POOL_MAX_PER_SERVER of container main",
    });
  const pods = [
    { name: "author-0", ready: false, terminating: false, poolMax: 20 },
    { name: "author-1", ready: true, terminating: false, poolMax: 7 },
  ] satisfies readonly Partial<PodSnapshot>[];
  await expect.poll(() => observed.server(own, "author")?.pods).toMatchObject(pods);
  expect(observed.server(own, "old")?.workload).toBeUndefined();

  await controlPlane.create(
    deployment(namespace, "planner", { env: [{ name: "POOL_MAX", value: "3" }] }),
  );
  await expect
    .poll(() => observed.server(own, "old")?.workload)
    .toMatchObject({ ...size, replicas: 1, hpa: { maxReplicas: 9 }, poolMax: 3 });
  // Pods of a Deployment that is gone hold connections until they are gone, too.
  await controlPlane.remove(deployment(namespace, "author"));
  await expect.poll(() => observed.server(own, "author")?.workload).toBeUndefined();
  expect(observed.server(own, "author")?.pods).toMatchObject(pods);
});

test("a server whose budget is not there, and then is", async () => {
  const namespace = await controlPlane.namespace("orphan");
  const author = mcpServer(namespace, "author", { budgetRef: { name: "writing" } });
  const own = budget(namespace, "writing", postgresParts());
  await controlPlane.create(author);
  const observed = await observe();
  const orphans = () => observed.orphans(`${namespace}/writing`).map(({ object }) => object.name);
  expect(observed.snapshot(own)).toBeUndefined();
  expect(orphans()).toEqual(["author"]);
  stops.push((await controlPlane.operate()).stop);
  const reason = async () =>
    conditionsOf((await controlPlane.read(author))["status"]).find(
      ({ type }) => type === "Admitted",
    )?.["reason"];
  await expect.poll(reason).toBe("BudgetNotFound");
  await controlPlane.create(own);
  await expect.poll(() => observed.server(own, "author")?.object.name).toBe("author");
  await expect.poll(reason).toBe("FloorReserved");
  await controlPlane.remove(own);
  await expect.poll(() => observed.snapshot(own)).toBeUndefined();
  await expect.poll(reason).toBe("BudgetNotFound");
});

test("no password is in a log or a status", async () => {
  const namespace = await controlPlane.namespace("hushed");
  const ip = podIp();
  const own = budget(namespace, "writing", postgresParts());
  await pooler({ ip });
  for (const object of [
    own,
    pgbouncerPod(namespace, "writing-pgbouncer-0", "writing", ip),
    secret(namespace, "writing-stats", { password: "hush-wrong" }),
    secret(namespace, "writing-maintenance", { password: PASSWORDS.maintenance }),
  ]) {
    await controlPlane.create(object);
  }
  stops.push((await controlPlane.operate()).stop);
  await expect
    .poll(async () => JSON.stringify((await controlPlane.read(own))["status"]))
    .toContain("it refuses the login weir_stats");
  const { stdout } = await controlPlane.server.kubectl([
    "get",
    "connectionbudgets,mcpservers,events.events.k8s.io",
    "--all-namespaces",
    "--output=json",
  ]);
  const all = controlPlane.logged() + stdout;
  expect(all.includes("it refuses the login weir_stats")).toBe(true);
  const passwords = [...Object.values(PASSWORDS), "hush-wrong"];
  expect(passwords.filter((password) => all.includes(password))).toEqual([]);
});
