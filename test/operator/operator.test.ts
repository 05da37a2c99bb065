import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { operatorAccess } from "../../charts/operatorAccess.ts";
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from "../../src/api/names.ts";
import { connect, type KubeClient } from "../../src/kube/client.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import type { Operator } from "../../src/operator/operator.ts";
import { fieldOf, textAt } from "../../src/json/fields.ts";
import { API_SERVER_START_TIMEOUT_MS } from "../cluster/apiServer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import {
  budget,
  conditionsOf,
  deployment,
  mcpServer,
  pgbouncerPod,
  podIp,
  secret,
} from "./objects.ts";
import { makeRole, PASSWORDS, startPooler } from "./pooler.ts";
import {
  ask,
  figure,
  LEASE,
  startControlPlane,
  type ControlPlane,
  type Sent,
} from "./controlPlane.ts";
import { frozenRuntime } from "../runtime/frozenRuntime.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

let controlPlane: ControlPlane;
let postgres: Postgres;
let pooler: PgBouncer;
let own: Sent;
let author: Sent;
const operators: Operator[] = [];
const NAMESPACE = "writing";

beforeAll(async () => {
  [controlPlane, postgres] = await Promise.all([startControlPlane(), startPostgres()]);
  await makeRole(postgres);
  const ip = podIp();
  pooler = await startPooler(postgres, { ip });
  await controlPlane.namespace(NAMESPACE);
  own = budget(NAMESPACE, "writing", { postgresPort: postgres.port });
  author = mcpServer(NAMESPACE, "author", { budgetRef: { name: "writing" } });
  await controlPlane.create(own);
  await controlPlane.create(author);
  await controlPlane.create(mcpServer(NAMESPACE, "scene", { budgetRef: { name: "writing" } }));
  await controlPlane.create(deployment(NAMESPACE, "author", { env: poolSize(7) }));
  await controlPlane.create(pgbouncerPod(NAMESPACE, "writing-pgbouncer-0", "writing", ip));
  await controlPlane.create(secret(NAMESPACE, "writing-stats", { password: PASSWORDS.weir_stats }));
  await controlPlane.create(
    secret(NAMESPACE, "writing-maintenance", { password: PASSWORDS.maintenance }),
  );
}, API_SERVER_START_TIMEOUT_MS);

afterEach(async () => {
  await Promise.all(operators.splice(0).map((each) => each.stop()));
});

afterAll(async () => {
  await controlPlane.stop();
  await pooler.stop();
  await postgres.stop();
});

async function operate(
  candidate: string,
  options: Omit<NonNullable<Parameters<ControlPlane["operate"]>[0]>, "candidate"> = {},
): Promise<Operator> {
  const operator = await controlPlane.operate({ candidate, ...options });
  operators.push(operator);
  return operator;
}

async function conditions(object: Sent): Promise<string> {
  const { status } = await controlPlane.read(object);
  return conditionsOf(status)
    .map(({ type, reason }) => `${String(type)}=${String(reason)}`)
    .join(" ");
}

/** What is said of the budget once everything has answered. */
const ALL_SEEN =
  "Feasible=Fits WithinBudget=Within ConfigApplied=Differs PostgresGuarded=NoConnectionLimit Ready=Differs";

function poolSize(value: number) {
  return [{ name: "DB_POOL_MAX_PER_SERVER", value: `${value}` }];
}

/** Of everything in weir's hands, and Events: another one after each write. */
async function versions(): Promise<string> {
  const { stdout } = await controlPlane.server.kubectl([
    "get",
    "connectionbudgets,mcpservers,events.events.k8s.io",
    "--all-namespaces",
    '--output=jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
  ]);
  return stdout;
}

async function holder(name = LEASE.name): Promise<string> {
  const lease = await controlPlane.read({
    apiVersion: "coordination.k8s.io/v1",
    plural: "leases",
    ...LEASE,
    name,
  });
  return textAt(fieldOf(lease, "spec"), "holderIdentity") ?? "";
}

const SAMPLES = 'weir_samples_total{result="answered"}';

/** Until it has looked around: everything was sampled and judged several times. */
async function settle(operator: Operator): Promise<void> {
  await expect.poll(() => figure(operator, SAMPLES)).toBeGreaterThan(5);
  await expect.poll(() => figure(operator, "weir_judgements_total")).toBeGreaterThan(3);
}

/** Until it has looked again, and said what it had to say. */
async function lookAgain(operator: Operator): Promise<void> {
  const samples = await figure(operator, SAMPLES);
  const judgements = await figure(operator, "weir_judgements_total");
  await expect.poll(() => figure(operator, SAMPLES)).toBeGreaterThan(samples + 5);
  await expect.poll(() => figure(operator, "weir_judgements_total")).toBeGreaterThan(judgements);
}

test("after a restart nothing is written but the lease", async () => {
  const first = await operate("first");
  await expect.poll(() => conditions(own)).toBe(ALL_SEEN);
  await settle(first);
  await first.stop();
  const before = await versions();
  expect(before).toContain("ConnectionBudget/writing");

  const second = await operate("second");
  await settle(second);
  expect(await holder()).toMatch(/^second_/);
  expect(await versions()).toBe(before);
  expect(await figure(second, 'weir_writes_total{kind="ConnectionBudget"}')).toBe(0);
});

test("a changed server is at most two writes, and idle is none", async () => {
  // A message that differs alone waits for half a minute by the clock: here for ever.
  const operator = await operate("counting", { runtime: frozenRuntime() });
  await lookAgain(operator);
  const before = await versions();
  // The message alone differs, which waits; another generation does not.
  const { fields } = deployment(NAMESPACE, "author", { env: poolSize(8) });
  await controlPlane.patch(deployment(NAMESPACE, "author"), fields);
  await controlPlane.patch(author, { spec: { port: 3002 } });
  await expect
    .poll(async () => fieldOf(await controlPlane.read(author), "status")["observedGeneration"])
    .toBe(2);
  await lookAgain(operator);
  const after = await versions();
  const changed = after.split("\n").filter((line) => !before.includes(line));
  expect(changed.map((line) => line.split(" ")[0])).toEqual(["McpServer/author"]);
  expect(await figure(operator, 'weir_writes_total{kind="McpServer"}')).toBe(1);
});

test("of two that watch a namespace each, both lead: none waits for the other's Lease", async () => {
  await controlPlane.namespace("elsewhere");
  const there = budget("elsewhere", "studio", { postgresPort: postgres.port });
  await controlPlane.create(there);
  const first = await operate("here", { namespace: NAMESPACE });
  const second = await operate("there", { namespace: "elsewhere" });
  await settle(first);
  const feasible = async () =>
    conditionsOf((await controlPlane.read(there))["status"]).find(
      ({ type }) => type === "Feasible",
    );
  // The budget of the other namespace is not known to it.
  await expect.poll(feasible).toMatchObject({
    reason: "Fits",
    message: expect.stringContaining(
      "not counted: budgets of the same Postgres outside of namespace elsewhere",
    ),
  });
  expect(await holder("weir-operator-writing")).toMatch(/^here_/);
  expect(await holder("weir-operator-elsewhere")).toMatch(/^there_/);
  expect((await ask(first, "/metrics")).text).not.toContain('namespace="elsewhere"');
  expect((await ask(second, "/metrics")).text).not.toContain('namespace="writing"');
  await controlPlane.remove(there);
});

/** As the operator's ServiceAccount, with the rights that its file brings, in the Lease's namespace. */
async function shippedRights(): Promise<KubeClient> {
  const { kubectl, kubeconfigFor } = controlPlane.server;
  const items = operatorAccess();
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const path = join(await scratchDir("rights"), "rights.json");
  await writeFile(path, text.replaceAll(`"${OPERATOR_NAMESPACE}"`, `"${LEASE.namespace}"`));
  const applied = await kubectl(["apply", "--filename", path]);
  expect(applied).toMatchObject({ code: 0 });
  const made = await kubectl(["create", "token", OPERATOR_NAME, "--namespace", LEASE.namespace]);
  expect(made).toMatchObject({ code: 0 });
  const token = made.stdout.trim();
  return connect(loadKubeconfig({ KUBECONFIG: await kubeconfigFor({ token }) }), systemRuntime);
}

test("one that may not have the Lease of its namespace is not ready, and says why", async () => {
  const client = await shippedRights();
  const role = {
    kind: "Role",
    apiVersion: "rbac.authorization.k8s.io/v1",
    plural: "roles",
    namespace: LEASE.namespace,
    name: OPERATOR_NAME,
  };
  const { rules: shipped } = await controlPlane.read(role);
  try {
    // Somebody has narrowed the Role to the Lease of another operator.
    const rule = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
    const narrowed = [{ ...rule, verbs: ["get", "update"], resourceNames: [LEASE.name] }];
    await controlPlane.patch(role, { rules: narrowed });
    const namespace = await controlPlane.namespace("alone");
    const operator = await operate("forbidden", { client, namespace });
    const ready = () => ask(operator, "/readyz");
    const lease = { namespace: LEASE.namespace, name: `${LEASE.name}-${namespace}` };
    await expect.poll(ready).toEqual({
      status: 503,
      text: expect.stringMatching(
        new RegExp(`^Lease ${lease.namespace}/${lease.name}: can't read Lease.*forbidden.*\\n$`),
      ),
    });
    await controlPlane.patch(role, { rules: shipped });
    await expect.poll(ready).toEqual({ status: 200, text: "ok\n" });
    expect(await holder(lease.name)).toMatch(/^forbidden_/);
    await operator.stop();
  } finally {
    await client.close();
  }
});

test("of two one leads, and the other takes over at once when it stops", async () => {
  const first = await operate("a");
  await settle(first);
  const second = await operate("b");
  await expect.poll(async () => (await ask(second, "/readyz")).status).toBe(200);
  expect(await holder()).toMatch(/^a_/);
  // Only the leader holds consoles, and knows figures.
  expect(await figure(second, 'weir_samples_total{result="answered"}')).toBe(0);
  expect((await ask(second, "/metrics")).text).not.toContain('budget="writing"');

  const stoppedMs = Date.now();
  await first.stop();
  const tookMs = Date.now() - stoppedMs;
  await expect.poll(holder).toMatch(/^b_/);
  const ledMs = Date.now() - stoppedMs;
  process.stderr.write(`measured: stopped in ${tookMs} ms, another led after ${ledMs} ms\n`);
  await settle(second);
});

test("metrics say the figures of budgets that are there, and no others", async () => {
  const operator = await operate("metrics");
  await settle(operator);
  const series = 'weir_server_pods{server="author",namespace="writing",budget="writing"}';
  const text = async () => (await ask(operator, "/metrics")).text;
  expect(await text()).toContain(series);
  expect(await text()).toContain("# HELP weir_clients_capacity max_client_conn");
  expect(await text()).toContain("process_cpu_seconds_total");
  expect((await ask(operator, "/livez")).text).toBe("ok\n");

  const other = { ...own, name: "gone" };
  await controlPlane.create(other);
  await expect.poll(text).toContain('budget="gone"');
  await controlPlane.remove(other);
  await expect.poll(text).not.toContain('budget="gone"');
  expect(await text()).toContain(series);
});

test("a status that somebody else wrote is put right", async () => {
  const operator = await operate("guard");
  await settle(operator);
  await controlPlane.patch(own, { status: { conditions: [] } }, "status");
  await expect.poll(() => conditions(own)).toBe(ALL_SEEN);
});
