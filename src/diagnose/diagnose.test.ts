import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  backendOf,
  clientOf,
  clientsOf,
  END_MS,
  poolerOf,
  postgresOf,
  serverOf,
  START_MS,
  systemOf,
  workloadAt,
} from "../../test/diagnose/liveOf.ts";
import { CAUSE_KINDS } from "./causes/diagnosis.ts";
import type { LiveSystem } from "../model/liveSystem.ts";
import type { ClientRow, LivePgBouncer } from "../model/pgbouncer.ts";
import { diagnose } from "./diagnose.ts";
import { THRESHOLDS } from "./causes/thresholds.ts";

const POD = "10.244.0.1";

function kinds(live: LiveSystem): readonly string[] {
  return diagnose(live).causes.map(({ kind }) => kind);
}

describe("one fact gets one name", () => {
  const own = (count: number) => clientsOf(count, { address: POD });
  const workloads = [workloadAt([POD])];

  it("a process that one server fills: its ignored setting", () => {
    const live = systemOf([poolerOf({ clients: own(20) })], { workloads });
    const { causes } = diagnose(live);
    expect(causes.map(({ kind }) => kind)).toEqual(["PoolSettingIgnored"]);
    expect(causes[0]?.evidence.at(-1)).toMatch(/is full .*: without it 15 places were free$/);
  });

  it("a process that is as full without it: both, the full process first", () => {
    const others = clientsOf(30, { line: "other", user: "other", address: "10.244.0.2" });
    const live = systemOf([poolerOf({ clients: [...own(6), ...others] })], { workloads });
    expect(kinds(live)).toEqual(["SaturatedWhileIdle", "PoolSettingIgnored"]);
  });

  it("a line that ghosts fill, while a new pod can't log in: ghosts", () => {
    const dead = clientsOf(4, { address: "10.244.7.7" });
    const waits = workloadAt([POD, "10.244.0.2"]);
    const pods = waits.pods.map((pod, index) => ({ ...pod, ready: index === 0 }));
    const pooler = poolerOf({ clients: [...dead, ...own(1)], line: { maxClientConnections: 5 } });
    const told = { workloads: [{ ...waits, pods }] };
    expect(kinds(systemOf([pooler], told))).toEqual(["Ghosts"]);
    const unreachableAddresses = ["10.244.7.7"];
    expect(kinds(systemOf([pooler], { ...told, unreachableAddresses }))).toEqual(["Ghosts"]);
  });

  it("another pooler's full process is none of its business", () => {
    const full = poolerOf({
      address: "10.244.9.8:6432",
      clients: clientsOf(20, { line: "other", address: "10.244.0.77" }),
    });
    const live = systemOf([poolerOf({ clients: own(6) }), full], { workloads });
    expect(kinds(live)).toEqual(["SaturatedWhileIdle", "PoolSettingIgnored"]);
  });
});

describe("what could not be judged", () => {
  it.each([
    {
      told: {},
      whats: [
        "transactions left open (Leak), and QueriesWithoutClient",
        "ServerAbovePlan, PoolSettingIgnored, and clients of pods that are gone (Ghosts)",
      ],
    },
    { told: { postgres: postgresOf([]), workloads: [] }, whats: [] },
    {
      told: {
        postgres: postgresOf([]),
        workloads: [],
        unavailable: [{ what: "PgBouncer b:6432", why: "it is down", next: "start it" }],
      },
      whats: ["PgBouncer b:6432", "QueriesWithoutClient"],
    },
  ])("$whats", ({ told, whats }) => {
    const { unavailable } = diagnose(systemOf([poolerOf()], told));
    expect(unavailable.map(({ what }) => what)).toEqual(whats);
  });

  it("of nothing, when no pooler was there", () => {
    expect(diagnose(systemOf([]))).toEqual({
      causes: [],
      symptoms: [],
      poolers: [],
      unavailable: [],
    });
  });
});

it("who holds how many, the largest first", () => {
  const clients = [
    ...clientsOf(2, { address: POD, applicationName: "a" }),
    clientOf({ address: POD, applicationName: "a", serverId: "s", state: "active" }),
    clientOf({ address: "10.244.0.9", state: "waiting", waitMs: 5 }),
    clientOf({ line: "pgbouncer", user: "eye", address: "unix" }),
  ];
  const servers = [serverOf()];
  const roleLimits = new Map([["app", 97]]);
  const backends = [
    ...servers.map((server) => backendOf(server)),
    backendOf(serverOf(), { state: "idle in transaction (aborted)" }),
    backendOf(serverOf(), { user: "dba", state: "idle" }),
  ];
  const live = systemOf([poolerOf({ clients, servers, line: { maxClientConnections: 9 } })], {
    workloads: [workloadAt([POD])],
    postgres: { ...postgresOf(backends), roleLimits },
  });
  const { poolers, postgres } = diagnose(live);

  expect(poolers).toMatchObject([
    {
      maxClientConn: 20,
      used: 6,
      holders: [
        {
          line: "app",
          application: "a",
          address: POD,
          workload: "Deployment writing/app",
          pod: "app-0",
          poolMax: 5,
          clients: 3,
          busy: 1,
          waiting: 0,
        },
        { line: "app", address: "10.244.0.9", clients: 1, busy: 1, waiting: 1 },
        { line: "pgbouncer", user: "eye", clients: 1, busy: 0 },
      ],
      lines: [{ name: "app", clients: 4, clientsMax: 9, waiting: 1, backends: 1, backendsMax: 20 }],
    },
  ]);
  expect(postgres).toMatchObject({
    available: 97,
    open: 3,
    roles: [
      { role: "app", open: 2, limit: 97, active: 1, idleInTransaction: 1 },
      { role: "dba", open: 1, active: 0, idleInTransaction: 0 },
    ],
  });
});

/** A system of anything: clients that stay and pass, busy and idle, with and without a pod. */
const ANY_CLIENT = fc.record({
  line: fc.constantFrom("app", "other", "pgbouncer"),
  address: fc.constantFrom(POD, "10.244.0.2", "10.244.7.7", "192.168.0.1"),
  applicationName: fc.constantFrom("", "a"),
  requestedAtMs: fc.constantFrom(0, START_MS - 40_000, END_MS),
  busy: fc.constantFrom(true, false, false, false),
  from: fc.constantFrom(0, 0, 0, 1),
  until: fc.constantFrom(3, 3, 3, 2),
});

const ANY_SYSTEM = fc
  .record({
    clients: fc.array(ANY_CLIENT, { maxLength: 60, size: "max" }),
    waiting: fc.nat(1),
    loggingIn: fc.constantFrom(0, 9),
    poolMode: fc.constantFrom("transaction", "session"),
    state: fc.constantFrom("active", "idle", "idle in transaction"),
    asked: fc.boolean(),
    orphans: fc.nat(2),
    max: fc.constantFrom("3", "20"),
  })
  .map(({ clients: made, waiting, loggingIn, poolMode, state, asked, orphans, max }) => {
    const all = made.map(({ busy, from, until, ...told }) => {
      const server = serverOf();
      const client = clientOf({ ...told, ...(busy && { serverId: server.id }) });
      return { client, server, from, until };
    });
    const there = (sample: number) =>
      all.filter(({ from, until }) => from <= sample && sample <= until);
    const pooler = poolerOf({
      clients: (sample) => there(sample).map(({ client }) => client),
      servers: (sample) => there(sample).map(({ server }) => server),
      waiting: () => waiting,
      sample: () => ({ loggingIn }),
      line: { poolMode },
      config: { max_client_conn: max },
    });
    const running = Array.from({ length: orphans }, () => backendOf(serverOf()));
    const backends = all.map(({ server }) => backendOf(server, { state, stateChangedAtMs: 0 }));
    return systemOf([pooler], {
      workloads: [workloadAt([POD, "10.244.0.2"], { peakPods: 1 })],
      unreachableAddresses: ["10.244.7.7"],
      ...(asked && { postgres: postgresOf([...backends, ...running]) }),
    });
  });

describe("of any system", () => {
  it("the order of the rows changes nothing", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        ANY_SYSTEM,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (live, draws) => {
          const diagnosis = diagnose(live);
          for (const { kind } of diagnosis.causes) seen.add(kind);
          expect(diagnose(shuffled(live, () => draws.next().value ?? 0))).toEqual(diagnosis);
        },
      ),
      // The rarest cause is in one system of fifty.
      { numRuns: 1500 },
    );
    // It is not a property of systems in which nothing is wrong.
    expect([...seen].toSorted()).toEqual([...CAUSE_KINDS].toSorted());
  });

  it("without clients there is no cause", () => {
    fc.assert(
      fc.property(ANY_SYSTEM, (live) => {
        const { postgres: _, ...others } = live;
        expect(kinds({ ...others, pgbouncers: live.pgbouncers.map(emptied) })).toEqual([]);
      }),
    );
  });

  it("handed-in thresholds count", () => {
    const silent: ClientRow = clientOf({ address: "10.244.7.7", requestedAtMs: END_MS - 5_000 });
    const live = systemOf([poolerOf({ clients: [silent] })], {
      unreachableAddresses: ["10.244.7.7"],
    });
    expect(kinds(live)).toEqual([]);
    const { causes } = diagnose(live, { ...THRESHOLDS, ghostSilentMs: 5_000 });
    expect(causes.map(({ kind }) => kind)).toEqual(["Ghosts"]);
  });
});

function emptied(pooler: LivePgBouncer): LivePgBouncer {
  const nothing = { clients: [], servers: [], pools: [], usedClients: 1, loggingIn: 0 };
  return { ...pooler, samples: pooler.samples.map((sample) => ({ ...sample, ...nothing })) };
}

/** All rows in another order: those of SHOW have none. */
function shuffled(live: LiveSystem, draw: () => number): LiveSystem {
  const mix = <T>(rows: readonly T[]): readonly T[] =>
    rows
      .map((row) => ({ row, at: draw() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ row }) => row);
  const { postgres } = live;
  return {
    ...live,
    pgbouncers: live.pgbouncers.map((pooler) => ({
      ...pooler,
      samples: pooler.samples.map((sample) => ({
        ...sample,
        clients: mix(sample.clients),
        servers: mix(sample.servers),
        pools: mix(sample.pools),
      })),
    })),
    ...(postgres !== undefined && {
      postgres: {
        ...postgres,
        samples: postgres.samples.map((sample) => ({ ...sample, backends: mix(sample.backends) })),
      },
    }),
  };
}
