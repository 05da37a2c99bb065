import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { connectionBudgetSchema, type ConnectionBudget } from "../../src/api/connectionBudget.ts";
import { systemRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import type { Fields } from "../../src/json/fields.ts";
import { judge } from "../../src/conditions/judge.ts";
import { statusDifference } from "../../src/operator/statusWriter.ts";
import { observeBudget, type BudgetObserver } from "../../src/observe/budgetObserver.ts";
import { semaphore } from "../../src/runtime/semaphore.ts";
import type { BudgetSnapshot } from "../../src/model/budgetSnapshot.ts";
import { API_SERVER_START_TIMEOUT_MS } from "../cluster/apiServer.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { freePort } from "../parts/ports.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { startBalancer } from "./balancer.ts";
import { fastRuntime } from "../runtime/fastRuntime.ts";
import { budget, conditionsOf, podIp, secret } from "./objects.ts";
import { makeRole, PASSWORDS, startPooler, type PoolerSpec } from "./pooler.ts";
import { startControlPlane, type ControlPlane, type Sent } from "./controlPlane.ts";
import { observed, postgresSnapshot, seen } from "./snapshotOf.ts";
import { systemNetwork } from "../../src/observe/network.ts";

/** How many processes an existing PgBouncer has, and how many of them are seen. */
let controlPlane: ControlPlane;
let postgres: Postgres;
const poolers: PgBouncer[] = [];

beforeAll(async () => {
  [controlPlane, postgres] = await Promise.all([startControlPlane(), startPostgres()]);
  await makeRole(postgres, 40);
  for (const setting of [
    "client_connection_check_interval = '1s'",
    "tcp_keepalives_idle = 10",
    "tcp_keepalives_interval = 10",
    "tcp_keepalives_count = 3",
  ]) {
    await postgres.query(`ALTER ROLE app SET ${setting}`);
  }
}, API_SERVER_START_TIMEOUT_MS);

afterEach(async () => {
  await Promise.all(poolers.splice(0).map((each) => each.stop()));
});

afterAll(async () => {
  await controlPlane.stop();
  await postgres.stop();
});

async function pooler(spec: PoolerSpec): Promise<PgBouncer> {
  const started = await startPooler(postgres, spec);
  poolers.push(started);
  return started;
}

/** With the Secrets that its budget names. */
async function namespaceOf(name: string): Promise<string> {
  const namespace = await controlPlane.namespace(name);
  await controlPlane.create(
    secret(namespace, "old-stats", { username: "eye", password: PASSWORDS.eye }),
  );
  await controlPlane.create(secret(namespace, "app", { password: PASSWORDS.app }));
  return namespace;
}

/** What rests on every process: `TYPE=STATUS REASON`. */
async function told(object: Sent): Promise<readonly string[]> {
  const { status } = await controlPlane.read(object);
  return conditionsOf(status)
    .filter(({ type }) => type !== "Feasible")
    .map(({ type, status: is, reason }) => `${String(type)}=${String(is)} ${String(reason)}`);
}

test("one address before two processes: nothing is well, until there is one as the spec says", async () => {
  const namespace = await namespaceOf("one-address");
  const [ip, port] = [podIp(), await freePort()];
  const shared = { ip, port, settings: ["so_reuseport = 1"] };
  await pooler(shared);
  const second = await pooler(shared);
  const old = budget(namespace, "old", {
    postgresPort: postgres.port,
    existing: { host: ip, port, processes: 2 },
  });
  await controlPlane.create(old);
  await controlPlane.operate();
  await expect
    .poll(() => told(old))
    .toEqual([
      "WithinBudget=Unknown ProcessesUnseen",
      "ConfigApplied=Unknown ProcessesUnseen",
      "PostgresGuarded=Unknown ProcessesUnseen",
      "Ready=Unknown ProcessesUnseen",
    ]);
  const { status } = await controlPlane.read(old);
  expect(conditionsOf(status).find(({ type }) => type === "WithinBudget")?.["message"]).toContain(
    `found 1 of 2 processes that spec.pgbouncer.existing.processes says (${ip}:${port})`,
  );

  await second.stop();
  await controlPlane.patch(old, { spec: { pgbouncer: { existing: { processes: 1 } } } });
  await expect
    .poll(() => told(old))
    .toEqual([
      "WithinBudget=True Within",
      "ConfigApplied=True Applied",
      "PostgresGuarded=True Guarded",
      "Ready=True Ready",
    ]);
});

/** Observes what listens at these addresses, and a budget that says how many processes it is. */
function observing(
  namespace: string,
  processes: number,
  addresses: readonly string[],
  {
    runtime = systemRuntime,
    onChange = () => {},
  }: { runtime?: Runtime; onChange?: () => void } = {},
): {
  readonly value: ConnectionBudget;
  readonly observer: BudgetObserver;
  readonly snapshot: (status?: Fields) => BudgetSnapshot;
} {
  const sent = budget(namespace, "old", {
    postgresPort: postgres.port,
    existing: { host: "old", port: 6432, processes },
  });
  const { apiVersion, kind, fields } = sent;
  const metadata = { name: "old", namespace };
  const value = connectionBudgetSchema.parse({ apiVersion, kind, metadata, ...fields });
  const network = systemNetwork(systemRuntime);
  const options = { client: controlPlane.client, runtime, network, onSample: () => {} };
  const observer = observeBudget(value, { ...options, limit: semaphore(1) }, onChange);
  const targets = addresses.map((host) => ({ name: host, host, port: 6432, isAddress: true }));
  observer.retarget({ kind: "Processes", targets }, new Map());
  return {
    value,
    observer,
    snapshot: (status = {}) => ({
      atMs: Date.now(),
      budget: observed(value, { status }),
      servers: [],
      neighbours: [],
      unreadNeighbours: [],
      pgbouncers: observer.pgbouncers(),
      postgres: observer.postgres(),
    }),
  };
}

/** What is known of each address. */
function seenBy(observer: BudgetObserver) {
  const sources = observer.pgbouncers();
  if (sources.state !== "available") return sources.state;
  return sources.value.map(({ name, observation: { state }, sameProcessAs }) => ({
    name,
    state,
    sameProcessAs,
  }));
}

function reasonIn(status: Fields | undefined, of: string) {
  return conditionsOf(status).find(({ type }) => type === of)?.["reason"];
}

test("two addresses of one process are one, and those of two processes two", async () => {
  const namespace = await namespaceOf("two-addresses");
  const [one, other, apart] = [podIp(), podIp(), podIp()];
  await pooler({ ip: `${one}, ${other}` });
  await pooler({ ip: apart });
  const { observer } = observing(namespace, 2, [one, other, apart]);
  try {
    await expect
      .poll(() => seenBy(observer))
      .toEqual([
        { name: one, state: "available", sameProcessAs: undefined },
        { name: other, state: "available", sameProcessAs: one },
        { name: apart, state: "available", sameProcessAs: undefined },
      ]);
    // A question changes nothing, and the memory of what was one process is no part of it.
    const known = observer.pgbouncers();
    expect(observer.pgbouncers()).toEqual(known);
  } finally {
    await observer.stop();
  }
});

test("two addresses of the one process that is planned are well, and a restart says nothing new", async () => {
  const namespace = await namespaceOf("restarted");
  const [one, other] = [podIp(), podIp()];
  await pooler({ ip: `${one}, ${other}` });
  const both = [
    { name: one, state: "available", sameProcessAs: undefined },
    { name: other, state: "available", sameProcessAs: one },
  ];
  const first = observing(namespace, 1, [one, other]);
  let status: Fields | undefined;
  try {
    await expect
      .poll(() => reasonIn((status = judge(first.snapshot(status)).statuses.budget), "Ready"))
      .toBe("Ready");
  } finally {
    await first.observer.stop();
  }

  const said = new Set<string>();
  const look = () => {
    const { statuses, events } = judge(second.snapshot(status));
    said.add(statusDifference(status ?? {}, statuses.budget ?? {}));
    for (const { note } of events) said.add(note);
  };
  const second = observing(namespace, 1, [one, other], { onChange: look });
  try {
    // Before anything was asked, as the operator does.
    look();
    await expect.poll(() => seenBy(second.observer)).toEqual(both);
    await expect.poll(() => second.observer.postgres().state).toBe("available");
    look();
    expect([...said]).toEqual(["none"]);
  } finally {
    await second.observer.stop();
  }
});

test("two addresses that once led to one process are no proof of two, though they lead to two now", async () => {
  const namespace = await namespaceOf("balanced");
  const [one, apart, balanced] = [podIp(), podIp(), podIp()];
  await pooler({ ip: one });
  await pooler({ ip: apart });
  const balancer = await startBalancer(balanced, one);
  // Consoles are opened anew each minute.
  const { observer, snapshot, value } = observing(namespace, 2, [one, balanced], {
    runtime: fastRuntime(60),
  });
  try {
    const both = (sameProcessAs: string | undefined) => [
      { name: one, state: "available", sameProcessAs: undefined },
      { name: balanced, state: "available", sameProcessAs },
    ];
    await expect.poll(() => seenBy(observer)).toEqual(both(one));
    // What Postgres has to tell comes when it comes: here it is the same all the time.
    const judged = (status?: Fields) =>
      judge({ ...snapshot(status), postgres: seen(postgresSnapshot(value)) }).statuses.budget;
    const status = judged();
    expect(reasonIn(status, "WithinBudget")).toBe("ProcessesUnseen");

    balancer.lead(apart);
    await expect.poll(() => seenBy(observer)).toEqual(both(undefined));
    expect(judged(status)).toEqual(status);
    expect(status).toMatchObject({ replicas: 1 });
  } finally {
    await observer.stop();
    await balancer.stop();
  }
});
