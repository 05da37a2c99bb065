import { describe, expect, it } from "vitest";

import {
  backendOf,
  clientOf,
  END_MS,
  poolerOf,
  postgresOf,
  SECOND_MS,
  serverOf,
  type ShownProcess,
  START_MS,
  systemOf,
} from "../../../test/diagnose/liveOf.ts";
import type { BackendRow } from "../../model/postgres.ts";
import { leaks } from "./leak.ts";
import { THRESHOLDS } from "./thresholds.ts";

const SERVER = serverOf();
const HOLDER = clientOf({ serverId: SERVER.id, state: "active", applicationName: "left" });
const HELD: ShownProcess = { clients: [HOLDER], servers: [SERVER] };
const QUEUED: ShownProcess = { ...HELD, waiting: () => 1 };

function said(shown: ShownProcess, backends?: (sample: number) => readonly BackendRow[]) {
  const postgres = backends === undefined ? {} : { postgres: postgresOf(backends) };
  return leaks(systemOf([poolerOf(shown)], postgres), THRESHOLDS);
}

/** In a transaction since then, without a statement. */
function inTransaction(sinceMs: number, state = "idle in transaction") {
  return () => [backendOf(SERVER, { state, stateChangedAtMs: sinceMs })];
}

function session(shown: ShownProcess): ShownProcess {
  return { ...shown, line: { poolMode: "session" } };
}

function hidden(): readonly BackendRow[] {
  return [backendOf(SERVER, { state: "hidden", stateChangedAtMs: START_MS })];
}

function idle(): readonly BackendRow[] {
  return [backendOf(SERVER, { state: "idle" })];
}

const LONG_AGO_MS = END_MS - THRESHOLDS.idleInTransactionMs;

describe("a transaction that nothing happens in", () => {
  it.each<{ what: string; backends: (sample: number) => readonly BackendRow[]; named: boolean }>([
    { what: "for as long as the threshold", backends: inTransaction(LONG_AGO_MS), named: true },
    { what: "for less", backends: inTransaction(LONG_AGO_MS + 1), named: false },
    {
      what: "aborted",
      backends: inTransaction(LONG_AGO_MS, "idle in transaction (aborted)"),
      named: true,
    },
    { what: "a query that long", backends: inTransaction(LONG_AGO_MS, "active"), named: false },
    {
      what: "with a statement in the window",
      backends: (sample) => inTransaction(LONG_AGO_MS + sample * SECOND_MS)(),
      named: false,
    },
    {
      what: "with a query in one sample",
      backends: (sample) => inTransaction(LONG_AGO_MS, sample === 1 ? "active" : undefined)(),
      named: false,
    },
    {
      what: "of another Postgres with the same pid",
      backends: () => inTransaction(LONG_AGO_MS)().map((one) => ({ ...one, clientPort: 1 })),
      named: false,
    },
  ])("$what", ({ backends, named }) => {
    expect(said(HELD, backends)).toHaveLength(named ? 1 : 0);
  });

  it("by a client that held another backend connection before is none", () => {
    const shown: ShownProcess = {
      ...HELD,
      clients: (sample) => [{ ...HOLDER, serverId: sample === 0 ? "s" : SERVER.id }],
    };
    expect(said(shown, inTransaction(LONG_AGO_MS))).toEqual([]);
  });

  it("by two clients in turn is none", () => {
    const other = clientOf({ serverId: SERVER.id, state: "active" });
    const clients = (sample: number) => [sample === 0 ? other : HOLDER];
    expect(said({ ...HELD, clients }, inTransaction(LONG_AGO_MS))).toEqual([]);
  });

  it("says who, which backend, and since when", () => {
    const [leak] = said(HELD, inTransaction(LONG_AGO_MS));
    expect(leak?.summary).toBe(
      "1 of 20 backend connections of line app is held and not used, the longest for 10 s; 0 clients wait",
    );
    expect(leak?.evidence).toEqual([
      `line app, user app, application left, from 10.244.0.1:${HOLDER.port}: holds backend ${SERVER.backendPid} and sits idle in a transaction, since 2027-01-15 07:59:53 UTC (10 s)`,
    ]);
    expect(leak?.next[0]).toContain(`FROM unnest(ARRAY[${SERVER.backendPid}])`);
  });
});

describe("a backend connection that is held outside a transaction", () => {
  const lately = clientOf({ ...HOLDER, requestedAtMs: END_MS - THRESHOLDS.heldIdleMs + 1 });

  it.each<{ what: string; shown: ShownProcess; named: boolean }>([
    { what: "in session pooling, others wait", shown: session(QUEUED), named: true },
    { what: "nobody waits", shown: session(HELD), named: false },
    {
      what: "others wait now and then",
      shown: session({ ...HELD, waiting: (sample) => sample % 2 }),
      named: false,
    },
    { what: "for less", shown: session({ ...QUEUED, clients: [lately] }), named: false },
    { what: "in transaction pooling it is between two states", shown: QUEUED, named: false },
  ])("$what", ({ shown, named }) => {
    expect(said(shown, idle)).toHaveLength(named ? 1 : 0);
  });
});

describe("where Postgres can't be asked", () => {
  const since = (requestedAtMs: number): ShownProcess => ({
    ...QUEUED,
    clients: [{ ...HOLDER, requestedAtMs }],
  });

  it.each<{ what: string; shown: ShownProcess; named: boolean }>([
    {
      what: "silent long enough, others wait",
      shown: since(END_MS - THRESHOLDS.heldUnknownMs),
      named: true,
    },
    { what: "for less", shown: since(END_MS - THRESHOLDS.heldUnknownMs + 1), named: false },
    { what: "nobody waits", shown: { ...since(0), waiting: () => 0 }, named: false },
    {
      what: "asks in the window",
      shown: { ...QUEUED, clients: (sample) => [{ ...HOLDER, requestedAtMs: sample }] },
      named: false,
    },
  ])("$what", ({ shown, named }) => {
    const firsts = said(shown).map(({ next }) => next[0]);
    const asks = expect.stringContaining("FROM pg_stat_activity WHERE pid = ANY");
    expect(firsts).toEqual(named ? [asks] : []);
  });

  it("its rights hide what a session does: the same", () => {
    expect(said(since(END_MS - THRESHOLDS.heldUnknownMs), hidden)).toHaveLength(1);
    expect(said(since(END_MS - THRESHOLDS.heldUnknownMs + 1), hidden)).toEqual([]);
  });
});
