import { describe, expect, it } from "vitest";

import {
  backendOf,
  clientOf,
  poolerOf,
  postgresOf,
  SECOND_MS,
  serverOf,
  START_MS,
  systemOf,
} from "../../../test/diagnose/liveOf.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { ServerRow } from "../../model/pgbouncer.ts";
import type { BackendRow } from "../../model/postgres.ts";
import { THRESHOLDS } from "./thresholds.ts";
import { queriesWithoutClient } from "./queriesWithoutClient.ts";

/** One that PgBouncer has, and one that it has no more. */
const KEPT = serverOf();
const CLOSED = serverOf();
const POOLER = poolerOf({ clients: [clientOf({ serverId: KEPT.id })], servers: [KEPT] });
const RUNNING = backendOf(CLOSED);
/** Of another program at the same address. */
const RESTING = backendOf(serverOf(), { state: "idle" });

type BackendsOfSample = (sample: number) => readonly BackendRow[];

function judged(backends: BackendsOfSample, told: Partial<LiveSystem> = {}) {
  const live = systemOf([POOLER], { postgres: postgresOf(backends), ...told });
  return queriesWithoutClient(live, THRESHOLDS);
}

describe("a backend in no SHOW SERVERS", () => {
  it.each<{ what: string; backends: BackendsOfSample; named: boolean }>([
    { what: "runs one query all the time", backends: () => [RUNNING], named: true },
    {
      what: "for as long as the threshold",
      backends: (sample) => (sample >= 1 ? [RUNNING] : []),
      named: true,
    },
    { what: "for less", backends: (sample) => (sample >= 2 ? [RUNNING] : []), named: false },
    { what: "ended", backends: (sample) => (sample < 3 ? [RUNNING] : []), named: false },
    {
      what: "begins other queries: it has a client",
      backends: (sample) => [{ ...RUNNING, queryStartedAtMs: START_MS + sample * SECOND_MS }],
      named: false,
    },
    {
      what: "does nothing: it has a client",
      backends: () => [{ ...RUNNING, state: "idle" }],
      named: false,
    },
    {
      what: "of a role that no pooler has",
      backends: () => [{ ...RUNNING, user: "dba" }],
      named: false,
    },
    {
      what: "from another address than a pooler's",
      backends: () => [{ ...RUNNING, clientAddress: "10.244.8.8" }],
      named: false,
    },
    {
      what: "over a unix socket: nobody knows from where",
      backends: () => {
        const { clientAddress: _, clientPort: __, ...local } = RUNNING;
        return [local];
      },
      named: false,
    },
    { what: "it is there after all", backends: () => [backendOf(KEPT)], named: false },
    {
      what: "it is there after all, logging in, without a pid yet",
      backends: () => [{ ...backendOf(KEPT), pid: 7 }],
      named: false,
    },
    {
      what: "it is there after all, somebody translates its port",
      backends: () => [{ ...backendOf(KEPT), clientPort: 7 }],
      named: false,
    },
    {
      what: "beside one of another program, from there and of that role",
      backends: () => [RUNNING, RESTING],
      named: false,
    },
    {
      what: "beside one of another program that is always at work",
      backends: (sample) => [
        RUNNING,
        { ...RESTING, state: "active", queryStartedAtMs: START_MS + sample * SECOND_MS },
      ],
      named: false,
    },
    {
      what: "beside one of another program, of another role",
      backends: () => [RUNNING, { ...RESTING, user: "dba" }],
      named: true,
    },
  ])("$what", ({ backends, named }) => {
    expect(judged(backends).findings).toHaveLength(named ? 1 : 0);
  });

  it("that a pooler had before: the same", () => {
    const pooler = poolerOf({ servers: (sample) => (sample === 0 ? [KEPT, CLOSED] : [KEPT]) });
    const live = systemOf([pooler], { postgres: postgresOf([RUNNING]) });
    expect(queriesWithoutClient(live, THRESHOLDS).findings).toHaveLength(1);
  });

  it("when a pooler has no backend connection left: its own address and its pools tell", () => {
    const live = systemOf([poolerOf({ servers: [] })], { postgres: postgresOf([RUNNING]) });
    expect(queriesWithoutClient(live, THRESHOLDS).findings).toHaveLength(1);
  });

  it("of the role that its line forces", () => {
    const pooler = poolerOf({ servers: [KEPT], line: { forceUser: "writing" } });
    const named = ["writing", "app"].map((user) => {
      const live = systemOf([pooler], { postgres: postgresOf([{ ...RUNNING, user }]) });
      return queriesWithoutClient(live, THRESHOLDS).findings.length;
    });
    expect(named).toEqual([1, 0]);
  });

  it("says which, since when, and the role's limit", () => {
    const [finding] = judged(() => [RUNNING]).findings;
    expect(finding?.summary).toBe(
      "Postgres postgres:5432 runs 1 query whose client is gone, on 1 of its 97 connections, which no PgBouncer counts",
    );
    expect(finding?.evidence).toEqual([
      `backend ${RUNNING.pid}, role app, SELECT since 2027-01-15 08:00:00 UTC (3 s), from 10.244.9.9:${RUNNING.clientPort}: in no PgBouncer's SHOW SERVERS`,
      "CONNECTION LIMIT of role app: none",
    ]);
  });
});

describe("where other programs are at PgBouncer's address", () => {
  const there = "127.0.0.1";
  const kept = serverOf({ localAddress: there });
  const closed = serverOf({ localAddress: there });
  const atLoopback = (servers: (sample: number) => readonly ServerRow[]) =>
    queriesWithoutClient(
      systemOf([poolerOf({ servers })], { postgres: postgresOf([backendOf(closed)]) }),
      THRESHOLDS,
    );

  it("a query that is nobody's may be theirs: no cause, and not well", () => {
    const { findings, symptoms } = atLoopback(() => [kept]);
    expect(findings).toEqual([]);
    expect(symptoms[0]?.summary).toMatch(
      /^Postgres postgres:5432 runs 1 query .* from 127\.0\.0\.1:/,
    );
    expect(symptoms[0]?.next[1]).toContain(`ss -tnp 'sport = :${closed.localPort}'`);

    const local = clientOf({ address: KEPT.localAddress });
    const live = systemOf([poolerOf({ clients: [local], servers: [KEPT] })], {
      postgres: postgresOf([RUNNING]),
    });
    expect(queriesWithoutClient(live, THRESHOLDS)).toMatchObject({ findings: [], symptoms: [{}] });
  });

  it("one that PgBouncer had, and closed, is nobody's, whoever else is there", () => {
    const { findings, symptoms } = atLoopback((sample) => (sample === 0 ? [kept, closed] : [kept]));
    expect(symptoms).toEqual([]);
    expect(findings[0]?.evidence[0]).toMatch(/any more: it was closed meanwhile$/);
    expect(findings[0]?.next[0]).toMatch(/^to end them now/);
  });
});

describe("can't be reported, which is said", () => {
  it("when a PgBouncer could not be asked", () => {
    const unavailable = [{ what: "PgBouncer 10.0.0.7:6432", why: "", next: "" }];
    expect(judged(() => [RUNNING], { unavailable })).toEqual({
      findings: [],
      symptoms: [],
      unavailable: "not every PgBouncer of that Postgres could be asked",
    });
  });

  it("when a PgBouncer comes over a unix socket", () => {
    const pooler = poolerOf({ servers: [serverOf({ localAddress: "unix" })] });
    const live = systemOf([pooler], { postgres: postgresOf([RUNNING]) });
    expect(queriesWithoutClient(live, THRESHOLDS)).toEqual({
      findings: [],
      symptoms: [],
      unavailable: "a PgBouncer reaches Postgres over a unix socket, which has no address",
    });
  });

  it("when others connect from there", () => {
    const told = judged(() => [RUNNING, RESTING]);
    expect(told.unavailable).toBe("others connect past the asked PgBouncers: app 10.244.9.9");
  });

  it("when Postgres was not asked, somebody else says it", () => {
    expect(queriesWithoutClient(systemOf([POOLER]), THRESHOLDS)).toEqual({
      findings: [],
      symptoms: [],
    });
  });
});
