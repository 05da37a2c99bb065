import { describe, expect, it } from "vitest";

import {
  backendOf,
  clientsOf,
  poolerOf,
  postgresOf,
  serverOf,
  START_MS,
  systemOf,
} from "../../../test/diagnose/liveOf.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { PoolRow, ServerRow } from "../../model/pgbouncer.ts";
import { diagnose } from "../diagnose.ts";

const POOL: PoolRow = {
  line: "app",
  user: "app",
  clientsWaiting: 9,
  maxWaitMs: 5_000,
  serversActive: 20,
  servers: 20,
};

function queued(told: (sample: number) => Partial<PoolRow>, line = {}) {
  return poolerOf({
    sample: (sample) => ({ pools: [{ ...POOL, ...told(sample) }] }),
    servers: serversOf(told(0).servers ?? POOL.servers),
    line,
  });
}

const inQueue = { sample: () => ({ pools: [POOL] }) };

function serversOf(count: number, state = "active"): readonly ServerRow[] {
  return Array.from({ length: count }, () => serverOf({ state }));
}

function said(live: LiveSystem): readonly string[] {
  const { causes, symptoms } = diagnose(live);
  expect(causes).toEqual([]);
  return symptoms.map(({ summary }) => summary);
}

describe("a queue", () => {
  it.each([
    ["all its backend connections are taken", () => ({}), /all its 20 are taken all the time/],
    ["it has none", () => ({ servers: 0 }), /it has none: Postgres at postgres:5432/],
    ["it gets no more", () => ({ servers: 7 }), /it has 7 of 20, and gets no more/],
  ])("in which somebody waits for seconds at every moment, when %s", (_, told, words) => {
    const [summary, ...others] = said(systemOf([queued(told)]));
    expect(summary).toMatch(
      /^9 clients wait for a backend connection of line app .* 5 s or longer/,
    );
    expect(summary).toMatch(words);
    expect(others).toEqual([]);
  });

  it("of whom PgBouncer says that they wait for 0 s, who ask the same all the time", () => {
    const clients = clientsOf(3, { state: "waiting", requestedAtMs: START_MS - 5_000 });
    const pools = [{ ...POOL, clientsWaiting: 3, maxWaitMs: 0, servers: 1 }];
    const servers = serversOf(1, "new");
    const stuck = poolerOf({ clients, servers, sample: () => ({ pools }) });
    expect(said(systemOf([stuck]))).toEqual([
      expect.stringMatching(/^3 clients wait .* 8 s or longer; it has none/),
    ]);
    const served = poolerOf({
      clients: (sample) => clients.map((one) => ({ ...one, requestedAtMs: START_MS + sample })),
      servers,
      sample: () => ({ pools }),
    });
    expect(said(systemOf([served]))).toEqual([]);
  });

  it("before backend connections that still log in has none", () => {
    const pooler = queued(() => ({ servers: 1, serversActive: 0 }));
    const samples = pooler.samples.map((sample) => ({ ...sample, servers: serversOf(1, "new") }));
    expect(said(systemOf([{ ...pooler, samples }]))).toEqual([
      expect.stringMatching(/it has none/),
    ]);
  });

  it.each([
    [
      "that moves on, at one moment",
      (sample: number) => ({ maxWaitMs: sample === 2 ? 900 : 5_000 }),
    ],
    ["of nobody, at one moment", (sample: number) => ({ clientsWaiting: sample === 2 ? 0 : 9 })],
  ])("%s is that of a busy system", (_, told) => {
    expect(said(systemOf([queued(told)]))).toEqual([]);
  });

  it("that a leak explains is reported there", () => {
    const server = serverOf();
    const [client] = clientsOf(1, { serverId: server.id, state: "active" });
    const clients = client === undefined ? [] : [client];
    const pooler = poolerOf({ ...inQueue, clients, servers: [server] });
    const left = { state: "idle in transaction", stateChangedAtMs: START_MS - 60_000 };
    const { causes, symptoms } = diagnose(
      systemOf([pooler], { postgres: postgresOf([backendOf(server, left)]) }),
    );
    expect(causes.map(({ kind }) => kind)).toEqual(["Leak"]);
    expect(symptoms).toEqual([]);
  });
});

it("a paused line is reported, whether somebody waits or not", () => {
  const live = systemOf([queued(() => ({ clientsWaiting: 0 }), { paused: true })]);
  expect(said(live)).toEqual([expect.stringMatching(/^line app .* is paused, .* 0 clients wait$/)]);
});

it("a process that clients at work fill is reported, and one that idle ones fill has a cause", () => {
  const clients = clientsOf(20, { serverId: "s" });
  expect(said(systemOf([poolerOf({ clients })]))).toEqual([
    expect.stringMatching(/is full \(21 of .* 20 are used\), and 20 of its 20 clients hold/),
  ]);
  expect(diagnose(systemOf([poolerOf({ clients: clientsOf(20) })])).symptoms).toEqual([]);
  expect(said(systemOf([poolerOf({ clients: clients.slice(3) })]))).toEqual([]);
});

it("a full Postgres is reported where PgBouncer may want more of it", () => {
  const full = postgresOf(
    Array.from({ length: 97 }, () => backendOf(serverOf({ user: "other" }), { user: "other" })),
  );
  const few = queued(() => ({ clientsWaiting: 0, servers: 7 }));
  expect(said(systemOf([few], { postgres: full }))).toEqual([
    expect.stringMatching(/^Postgres postgres:5432 is full \(97 of 97/),
  ]);
  const all = queued(() => ({ clientsWaiting: 0 }));
  expect(said(systemOf([all], { postgres: full }))).toEqual([]);
});
