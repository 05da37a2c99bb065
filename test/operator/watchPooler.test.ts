import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { processMemory } from "../../src/pgbouncer/processIdentity.ts";
import { UnavailableError } from "../../src/model/observation.ts";
import type { PgBouncerState } from "../../src/model/pgbouncer.ts";
import { pollPgBouncer } from "../../src/observe/pgbouncerPoller.ts";
import type { Poller } from "../../src/observe/poller.ts";
import { consoleQuery, type PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { fastRuntime } from "../runtime/fastRuntime.ts";
import { podIp } from "./objects.ts";
import { authorClient, makeRole, PASSWORDS, startPooler } from "./pooler.ts";
import { frozenRuntime } from "../runtime/frozenRuntime.ts";
import { systemNetwork } from "../../src/observe/network.ts";

let postgres: Postgres;
let pooler: PgBouncer;
let ip: string;
const watches: Poller<PgBouncerState>[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  await makeRole(postgres);
});

afterEach(async () => {
  await Promise.all(watches.splice(0).map((each) => each.stop()));
  await pooler.stop();
});

afterAll(async () => {
  await postgres.stop();
});

const LOGIN = {
  user: "weir_stats",
  password: PASSWORDS.weir_stats,
  secret: "Secret a/b",
  ssl: false as const,
};

async function watch(
  runtime: Runtime,
  stats: () => Promise<typeof LOGIN> = async () => LOGIN,
): Promise<Poller<PgBouncerState>> {
  ip = podIp();
  pooler = await startPooler(postgres, { ip });
  const started = pollPgBouncer(
    { name: "p-0", host: ip, port: 6432 },
    { stats },
    { runtime, network: systemNetwork(systemRuntime), onSample: () => {} },
    () => {},
  );
  watches.push(started);
  await expect.poll(() => started.observation().state).toBe("available");
  return started;
}

function value({ observation }: Poller<PgBouncerState>): PgBouncerState {
  const now = observation();
  if (now.state !== "available") throw new Error(`it is ${now.state}`);
  return now.value;
}

test("counts clients by line, user and address, those that idle too, and leaves itself out", async () => {
  const runtime = frozenRuntime();
  const watching = await watch(runtime);
  expect(value(watching)).toMatchObject({ address: `${ip}:6432`, usedClients: 1, clients: [] });
  const clients = [await authorClient(ip), await authorClient(ip)];
  await clients[0]?.query("BEGIN");
  await expect
    .poll(() => value(watching).clients)
    .toEqual([
      { line: "author", user: "app", address: "127.0.0.1", count: 2, idle: 1, waiting: 0 },
    ]);
  expect(value(watching)).toMatchObject({ usedClients: 3 });
  const line = () => value(watching).lines.find(({ name }) => name === "author");
  await expect
    .poll(line)
    .toMatchObject({ openClients: 2, openServers: 1, poolSize: 5, roles: ["app"] });

  await Promise.all(clients.map((client) => client.end()));
  await expect.poll(() => value(watching).clients).toEqual([]);
  // What a moment ago was open still counts.
  expect(value(watching).window).toMatchObject({
    usedClientsMax: 3,
    addresses: new Map([["127.0.0.1", 2]]),
  });
  await expect
    .poll(() => {
      runtime.pass(1000);
      return value(watching).window;
    })
    .toMatchObject({ lengthMs: 10_000, usedClientsMax: 1, addresses: new Map() });
});

test("a client that left while it was queued still counts, as waiting and not as held", async () => {
  const watching = await watch(systemRuntime);
  const address = "127.0.0.1";
  const alike = { line: "author", user: "app", address };
  const busy = await Promise.all(Array.from({ length: 5 }, () => authorClient(ip)));
  await Promise.all(busy.map((client) => client.query("BEGIN")));
  const queued = [await authorClient(ip), await authorClient(ip)];
  const answers = queued.map((client) => client.query("SELECT 1"));
  const refused = Promise.allSettled(answers);
  await expect
    .poll(() => value(watching).clients)
    .toEqual([{ ...alike, count: 7, idle: 0, waiting: 2 }]);
  await Promise.all(queued.map((client) => client.end()));
  await refused;
  // One that comes after they have left: PgBouncer has not noticed that.
  const after = await authorClient(ip);
  await expect
    .poll(() => value(watching).clients)
    .toEqual([{ ...alike, count: 8, idle: 1, waiting: 2 }]);
  await expect
    .poll(() => value(watching).window)
    .toMatchObject({
      addresses: new Map([[address, 8]]),
      addressesHeld: new Map([[address, 6]]),
      addressesHeldMin: new Map([[address, 6]]),
    });
  await Promise.all([...busy, after].map((client) => client.end()));
});

test("sockets that never log in are among the clients, and distinguished", async () => {
  const watching = await watch(systemRuntime);
  const sockets = Array.from({ length: 6 }, () => connect({ host: ip, port: 6432 }));
  try {
    for (const socket of sockets) socket.on("error", () => {}).write("x");
    await expect
      .poll(() => value(watching).window.logins)
      .toContainEqual({ usedClients: 7, loggingIn: 6 });
    expect(value(watching).lines.map(({ openClients }) => openClients)).not.toContain(6);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test("what one had that does not answer is not added to what another has", async () => {
  // By the machine's it would be unseen soon.
  const watching = await watch(frozenRuntime());
  const client = await authorClient(ip);
  const kept = () => value(watching).window.addressesHeldMin;
  await expect.poll(kept).toEqual(new Map([["127.0.0.1", 1]]));
  pooler.kill("SIGSTOP");
  await expect.poll(kept).toEqual(new Map());
  pooler.kill("SIGCONT");
  await client.end();
});

test("one that is stalled is unseen after a while, and seen again when it goes on", async () => {
  const watching = await watch(systemRuntime);
  pooler.kill("SIGSTOP");
  await expect.poll(watching.observation).toEqual({
    state: "unavailable",
    reason: "Unreachable",
    message: `can't ask PgBouncer p-0 (${ip}:6432): it does not answer`,
  });
  pooler.kill("SIGCONT");
  await expect.poll(() => watching.observation().state).toBe("available");
});

test("its console is one of the clients for a minute at most, so that a PgBouncer can end", async () => {
  await watch(fastRuntime(60));
  const consoles = async () =>
    (await consoleQuery(pooler.place, "SHOW CLIENTS")).filter(({ user }) => user === "weir_stats");
  let first: unknown;
  // Between two consoles there is none for a moment.
  await expect.poll(async () => (first = (await consoles())[0]?.["id"])).toBeDefined();
  await expect.poll(async () => (await consoles()).map(({ id }) => id)).not.toContain(first);
  await expect.poll(async () => (await consoles()).length).toBeLessThanOrEqual(1);
  pooler.kill("SIGTERM");
  expect(await pooler.exited).toMatchObject({ code: 0 });
});

test(
  "two addresses of one process are one, and another process is another, whenever consoles are opened anew",
  { timeout: 120_000 },
  async () => {
    const [one, other, apart] = [podIp(), podIp(), podIp()];
    // A console is opened anew every 6 s: on a busy machine that takes some of them.
    const runtime = fastRuntime(10);
    const start = (host: string) => {
      const started = pollPgBouncer(
        { name: host, host, port: 6432 },
        { stats: async () => LOGIN },
        { runtime, network: systemNetwork(systemRuntime), onSample: () => {} },
        () => {},
      );
      watches.push(started);
      return { name: host, watching: started, opened: new Set<string>() };
    };
    pooler = await startPooler(postgres, { ip: `${one}, ${other}` });
    const second = await startPooler(postgres, { ip: apart });
    try {
      const three = [one, other, apart].map(start);
      const memory = processMemory();
      const shared = new Set<string>();
      const look = () => {
        if (three.some(({ watching }) => watching.observation().state !== "available")) return 0;
        const asked = three.map(({ name, watching, opened }) => {
          for (const console of watching.consoles().own) opened.add(console);
          return { name, key: name, isAvailable: true, consoles: watching.consoles() };
        });
        memory.note(asked);
        shared.add(JSON.stringify([...memory.sharedWith(asked)]));
        return Math.min(...three.map(({ opened }) => opened.size));
      };
      await expect.poll(look, { interval: 5, timeout: 100_000 }).toBeGreaterThan(2);
      expect([...shared]).toEqual([JSON.stringify([[other, one]])]);
    } finally {
      await second.stop();
    }
  },
);

test("an API server that does not give the Secret hides no PgBouncer whose console is open", async () => {
  let asked = 0;
  const watching = await watch(fastRuntime(60), async () => {
    asked += 1;
    if (asked === 1) return LOGIN;
    throw new UnavailableError("Unreachable", "the API server does not give it");
  });
  await expect.poll(() => asked).toBeGreaterThan(10);
  expect(watching.observation().state).toBe("available");
});
