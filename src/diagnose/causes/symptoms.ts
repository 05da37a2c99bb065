import { countedAs, duration } from "./finding.ts";
import type { Symptom } from "./diagnosis.ts";
import { isWaiting } from "../../pgbouncer/show.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { DatabaseRow, LivePgBouncer } from "../../model/pgbouncer.ts";
import { availableOf } from "./currentUse.ts";
import type { Leak } from "./leak.ts";
import { isFull, type Saturated } from "./saturatedWhileIdle.ts";
import type { Thresholds } from "./thresholds.ts";
import {
  isBusy,
  lastOf,
  linePoolsOf,
  maxClientConnOf,
  silenceMs,
  persistentClientsOf,
} from "./window.ts";

/**
 * What is not well in every sample, and no cause explains: a line that is paused, or in whose queue
 * somebody has waited for waitedMs or longer at every moment; a process whose max_client_conn is
 * used up, but not by clients that are idle alone; a Postgres that is full while PgBouncer may want more of it.
 */
export function symptomsOf(
  live: LiveSystem,
  full: readonly Saturated[],
  leaking: readonly Leak[],
  { waitedMs }: Thresholds,
): readonly Symptom[] {
  return [
    ...live.pgbouncers.flatMap((pgbouncer) => [
      ...(isFull(pgbouncer) &&
      !full.some((each) => each.pgbouncer === pgbouncer && each.line === undefined)
        ? [fullAtWork(pgbouncer)]
        : []),
      ...pgbouncer.lines
        .filter(
          ({ name }) => !leaking.some((leak) => leak.pgbouncer === pgbouncer && leak.line === name),
        )
        .flatMap((line) => lineSymptom(pgbouncer, line, waitedMs) ?? []),
    ]),
    ...fullPostgres(live),
  ];
}

function fullAtWork(pgbouncer: LivePgBouncer): Symptom {
  const { usedClients, clients } = lastOf(pgbouncer);
  const max = maxClientConnOf(pgbouncer);
  const busy = clients.filter(isBusy).length;
  return {
    summary: `PgBouncer ${pgbouncer.address} is full (${usedClients} of max_client_conn ${max} are used), and ${busy} of its ${clients.length} clients hold a backend connection or wait for one: hardly anybody can log in`,
    next: [
      "look below at who holds most, and who waits: with a queue it is backend connections or Postgres that is slow, and more clients would only wait longer",
      "without a queue there are more clients than max_client_conn was made for: weir plan FLEET computes what fits",
    ],
  };
}

function lineSymptom(
  pgbouncer: LivePgBouncer,
  line: DatabaseRow,
  waitedMs: number,
): Symptom | undefined {
  const { name } = line;
  const { serversMax: max, waiting } = linePoolsOf(pgbouncer, name);
  const wait = countedAs(waiting, "client waits", "clients wait");
  const where = `line ${name} of PgBouncer ${pgbouncer.address}`;
  if (line.paused) {
    return {
      summary: `${where} is paused, by PAUSE or KILL on its console: nothing runs on it until RESUME; ${wait}`,
      next: [`find out who paused it and why, then on its console, as admin: RESUME ${name}`],
    };
  }
  const waitMs = lastingWaitMs(pgbouncer, name);
  if (waitMs < waitedMs) return undefined;
  const long = `${wait} for a backend connection of ${where}, one of them ${duration(waitMs)} or longer`;
  // A backend connection in state `new` still logs in to Postgres, and serves no client.
  const open = pgbouncer.samples.map(
    ({ servers }) => servers.filter((each) => each.line === name && each.state !== "new").length,
  );
  const most = Math.max(...open);
  const at = line.host === "" ? "its unix socket" : `${line.host}:${line.port}`;
  if (most === 0) {
    return {
      summary: `${long}; it has none: Postgres at ${at} does not let it in, or does not answer`,
      next: [LOG, "log in to that Postgres from PgBouncer's machine, as PgBouncer does"],
    };
  }
  if (max === undefined || most < max) {
    return {
      summary: `${long}; it has ${most}${max === undefined ? "" : ` of ${max}`}, and gets no more`,
      next: [LOG, "look at the limits of Postgres, of the role, and at max_user_connections"],
    };
  }
  return {
    summary: `${long}; all its ${max} are taken all the time, by clients that use them as far as weir could see`,
    next: [
      "look for what takes long, in Postgres: SELECT pid, state, now() - xact_start AS age, wait_event_type, left(query, 60) FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY age DESC",
      "make transactions shorter, or give the line more backend connections if Postgres has the cores and connections for them",
    ],
  };
}

/**
 * How long somebody in a line's queue had waited at every moment, at least. PgBouncer says 0 of
 * those who wait for their login's first backend connection: they are known by being the same
 * clients, with the same request, that wait in all samples.
 */
function lastingWaitMs(pgbouncer: LivePgBouncer, line: string): number {
  const longest = pgbouncer.samples.map(({ pools }) =>
    Math.max(
      0,
      ...pools
        .filter((pool) => pool.line === line && pool.clientsWaiting > 0)
        .map(({ maxWaitMs }) => maxWaitMs),
    ),
  );
  const silent = persistentClientsOf(pgbouncer)
    .filter(({ client, rows }) => client.line === line && rows.every(isWaiting))
    .map(silenceMs);
  return Math.max(Math.min(...longest), ...silent);
}

const LOG =
  "look into PgBouncer's log: it says why backend connections fail (closing because, server login failed)";

function fullPostgres({ postgres, pgbouncers }: LiveSystem): readonly Symptom[] {
  if (postgres === undefined) return [];
  const available = availableOf(postgres);
  if (!postgres.samples.every(({ backends }) => backends.length >= available)) return [];
  const wanted = pgbouncers.some((pgbouncer) => {
    return pgbouncer.lines.some(({ name }) => {
      const { servers, serversMax } = linePoolsOf(pgbouncer, name);
      return serversMax === undefined || servers < serversMax;
    });
  });
  if (!wanted) return [];
  return [
    {
      summary: `Postgres ${postgres.address} is full (${available} of ${available} connections are open at every moment), while PgBouncer may still open more: these are refused`,
      next: [
        "look below at which roles hold them, and in pg_stat_activity at which clients: together PgBouncer's limit and the other connections must not exceed what Postgres admits",
        "weir plan FLEET and weir verify PATH prove that sum",
      ],
    },
  ];
}
