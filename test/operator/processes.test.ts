import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { connectionBudgetSchema } from "../../src/api/connectionBudget.ts";
import { systemClock } from "../../src/kube/clock.ts";
import { judge } from "../../src/operator/decide/judge.ts";
import { judgeOrphan } from "../../src/operator/decide/judgeOrphan.ts";
import { openEyes } from "../../src/operator/gather/budgetEyes.ts";
import { turns } from "../../src/operator/gather/turns.ts";
import { API_SERVER_START_TIMEOUT_MS } from "../cluster/apiServer.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { freePort } from "../parts/ports.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { budget, podIp, secret } from "./objects.ts";
import { makeRole, PASSWORDS, startPooler, type PoolerSpec } from "./pooler.ts";
import { startScene, type Scene, type Sent } from "./scene.ts";
import { conditionsOf } from "./tellingJudge.ts";

/** How many processes an existing PgBouncer has, and how many of them are seen. */
let scene: Scene;
let postgres: Postgres;
const poolers: PgBouncer[] = [];

beforeAll(async () => {
  [scene, postgres] = await Promise.all([startScene(), startPostgres()]);
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
  await scene.stop();
  await postgres.stop();
});

async function pooler(spec: PoolerSpec): Promise<PgBouncer> {
  const started = await startPooler(postgres, spec);
  poolers.push(started);
  return started;
}

/** With the Secrets that its budget names. */
async function namespaceOf(name: string): Promise<string> {
  const namespace = await scene.namespace(name);
  await scene.create(secret(namespace, "old-stats", { username: "eye", password: PASSWORDS.eye }));
  await scene.create(secret(namespace, "app", { password: PASSWORDS.app }));
  return namespace;
}

/** What rests on every process: `TYPE=STATUS REASON`. */
async function told(object: Sent): Promise<readonly string[]> {
  const { status } = await scene.read(object);
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
  await scene.create(old);
  await scene.operate({ judge: { judge, judgeOrphan } });
  await expect
    .poll(() => told(old))
    .toEqual([
      "WithinBudget=Unknown ProcessesUnseen",
      "ConfigApplied=Unknown ProcessesUnseen",
      "PostgresGuarded=Unknown ProcessesUnseen",
      "Ready=Unknown ProcessesUnseen",
    ]);
  const { status } = await scene.read(old);
  expect(conditionsOf(status).find(({ type }) => type === "WithinBudget")?.["message"]).toContain(
    `seen 1 of 2 processes that spec.pgbouncer.existing.processes says (${ip}:${port})`,
  );

  await second.stop();
  await scene.patch(old, { spec: { pgbouncer: { existing: { processes: 1 } } } });
  await expect
    .poll(() => told(old))
    .toEqual([
      "WithinBudget=True Within",
      "ConfigApplied=True Applied",
      "PostgresGuarded=True Guarded",
      "Ready=True Ready",
    ]);
});

test("two addresses of one process are one, and those of two processes two", async () => {
  const namespace = await namespaceOf("two-addresses");
  const [one, other, apart] = [podIp(), podIp(), podIp()];
  await pooler({ ip: `${one}, ${other}` });
  await pooler({ ip: apart });
  const { apiVersion, kind, fields } = budget(namespace, "old", {
    postgresPort: postgres.port,
    existing: { host: "old", port: 6432 },
  });
  const eyes = openEyes(
    connectionBudgetSchema.parse({
      apiVersion,
      kind,
      metadata: { name: "old", namespace },
      ...fields,
    }),
    {
      client: scene.client,
      limit: turns(1),
      clock: systemClock,
      random: () => 0,
      onSample: () => {},
    },
    () => {},
  );
  try {
    const targets = [one, other, apart].map((host) => ({ name: host, host, port: 6432 }));
    eyes.look({ kind: "Processes", targets }, new Map());
    await expect
      .poll(() => {
        const sight = eyes.poolers();
        if (sight.state !== "seen") return sight.state;
        return sight.value.map(({ name, sight: { state }, sameAs }) => ({ name, state, sameAs }));
      })
      .toEqual([
        { name: one, state: "seen", sameAs: undefined },
        { name: other, state: "seen", sameAs: one },
        { name: apart, state: "seen", sameAs: undefined },
      ]);
  } finally {
    await eyes.stop();
  }
});
