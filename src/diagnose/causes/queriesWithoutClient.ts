import {
  countedAs,
  distinct,
  duration,
  joinTruncatedLines,
  moment,
  type CauseFinding,
} from "./finding.ts";
import type { Symptom } from "./diagnosis.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { LivePgBouncer } from "../../model/pgbouncer.ts";
import type { BackendRow, LivePostgres } from "../../model/postgres.ts";
import { availableOf } from "./currentUse.ts";
import type { Thresholds } from "./thresholds.ts";
import { addressesOf, clientsIn, isConsole, sameMoment } from "./window.ts";
import { quotedIdentifier } from "../../text/quoting.ts";

/** Findings and symptoms, or the reason why there can be none. */
interface OrphanedQuery {
  readonly findings: readonly CauseFinding[];
  /** Queries whose client is gone, or that another program runs. */
  readonly symptoms: readonly Symptom[];
  /** Why nothing can be concluded. */
  readonly unavailable?: string;
}

const NOTHING = { findings: [], symptoms: [] } as const;

/**
 * QueriesWithoutClient: backends of a role that PgBouncers log in as, from a PgBouncer's own address,
 * that run one and the same query in samples over withoutClientMs or longer, and are in no PgBouncer's
 * SHOW SERVERS at any of these moments. Its client dropped, PgBouncer closed the backend connection,
 * and Postgres runs on.
 * Other programs may connect from a PgBouncer's address, past it or as a PgBouncer that was not asked.
 * They give themselves away by connections that are in no SHOW SERVERS either and do not run a
 * query, which a backend without a client never is: then nothing can be concluded about that address. Where
 * other programs are sure to be (the address is loopback, or clients of PgBouncer come from it), a
 * query without a known client is only a symptom. In either case what PgBouncer was seen to have in an
 * earlier sample is proved.
 */
export function queriesWithoutClient(live: LiveSystem, thresholds: Thresholds): OrphanedQuery {
  const { postgres, pgbouncers } = live;
  if (postgres === undefined || pgbouncers.length === 0) return NOTHING;
  if (live.unavailable.some(({ what }) => what.startsWith("PgBouncer"))) {
    return { ...NOTHING, unavailable: "not every PgBouncer of that Postgres could be asked" };
  }
  const roles = rolesOf(pgbouncers);
  const addresses = sourcesOf(pgbouncers);
  if (addresses.has("unix")) {
    const unavailable = "a PgBouncer reaches Postgres over a unix socket, which has no address";
    return { ...NOTHING, unavailable };
  }
  const uncounted = postgres.samples.map(({ atMs, backends }) => {
    const isCounted = serversAt(pgbouncers, atMs);
    return backends.filter(
      (backend) =>
        roles.has(backend.user) &&
        backend.clientAddress !== undefined &&
        addresses.has(backend.clientAddress) &&
        !isCounted(backend),
    );
  });
  const others = othersAmong(uncounted);
  const running = (uncounted.at(-1) ?? []).filter(
    (backend) => observedForMs(backend, uncounted, postgres) >= thresholds.withoutClientMs,
  );
  const isShared = sharedAmong(pgbouncers);
  const {
    closed = [],
    orphaned = [],
    unclear = [],
  } = Object.groupBy(running, (backend) => {
    if (wasKnown(backend, pgbouncers, postgres)) return "closed";
    if (others.has(placeOf(backend))) return "others";
    return isShared(backend.clientAddress ?? "") ? "unclear" : "orphaned";
  });
  const proved = [...closed, ...orphaned];
  return {
    findings: proved.length === 0 ? [] : [findingOf(proved, closed, postgres)],
    symptoms: unclear.length === 0 ? [] : [symptomOf(unclear, postgres)],
    ...(others.size > 0 && {
      unavailable: `others connect past the asked PgBouncers: ${joinTruncatedLines(distinct([...others])).join("; ")}`,
    }),
  };
}

function placeOf({ user, clientAddress }: BackendRow): string {
  return `${user} ${clientAddress}`;
}

/** Whether a PgBouncer had it in an earlier sample: since then it has closed the connection. */
function wasKnown(
  { pid }: BackendRow,
  pgbouncers: readonly LivePgBouncer[],
  { samples }: LivePostgres,
): boolean {
  return samples.some(({ atMs, backends }) => {
    const earlier = backends.find((backend) => backend.pid === pid);
    return earlier !== undefined && serversAt(pgbouncers, atMs)(earlier);
  });
}

/** Whether programs that are no PgBouncer are at an address, which may log in to Postgres too. */
function sharedAmong(pgbouncers: readonly LivePgBouncer[]): (address: string) => boolean {
  const clients = addressesOf(clientsIn(pgbouncers).filter((client) => !isConsole(client)));
  return (address) => clients.has(address) || address.startsWith("127.") || address === "::1";
}

function symptomOf(unclear: readonly BackendRow[], postgres: LivePostgres): Symptom {
  const addresses = distinct(unclear.map(({ clientAddress = "" }) => clientAddress));
  const ports = unclear.map(({ clientPort }) => `sport = :${clientPort}`);
  return {
    summary: `Postgres ${postgres.address} runs ${countedAs(unclear.length, "query", "queries")} as a role of PgBouncer, which no PgBouncer counts, from ${addresses.join(", ")}: either the clients are gone (QueriesWithoutClient), or another program or PgBouncer there connects by itself`,
    next: [
      "name every PgBouncer of that Postgres with --pgbouncer; watch for longer, --for 30: weir then notices a client that goes meanwhile",
      `look at that machine who has these sockets: ss -tnp '${ports.slice(0, TOLD_PORTS).join(" or ")}'; without a program there, the client is gone`,
    ],
  };
}

const TOLD_PORTS = 8;

/** Roles that PgBouncers log in as. */
function rolesOf(pgbouncers: readonly LivePgBouncer[]): ReadonlySet<string> {
  return new Set(
    pgbouncers.flatMap(({ lines, samples }) => {
      const forced = new Map(lines.map(({ name, forceUser }) => [name, forceUser]));
      return samples.flatMap(({ servers, pools }) =>
        [...servers, ...pools].map(({ line, user }) => forced.get(line) ?? user),
      );
    }),
  );
}

/** Where PgBouncers connect from; all their servers may be gone, then from where they listen. */
function sourcesOf(pgbouncers: readonly LivePgBouncer[]): ReadonlySet<string> {
  return new Set(
    pgbouncers.flatMap(({ address, samples }) => [
      address.replace(/:\d+$/, ""),
      ...samples.flatMap(({ servers }) => servers.map(({ localAddress }) => localAddress)),
    ]),
  );
}

/** Whether a backend is in the SHOW SERVERS of some PgBouncer, at the sample nearest to a moment. */
function serversAt(
  pgbouncers: readonly LivePgBouncer[],
  atMs: number,
): (backend: BackendRow) => boolean {
  const servers = pgbouncers.flatMap(({ samples }) => {
    const [nearest] = samples.toSorted((a, b) => Math.abs(a.atMs - atMs) - Math.abs(b.atMs - atMs));
    return nearest?.servers ?? [];
  });
  const pids = new Set(servers.map(({ backendPid }) => backendPid));
  const ports = new Set(
    servers.map(({ localAddress, localPort }) => `${localAddress} ${localPort}`),
  );
  return ({ pid, clientAddress, clientPort }) =>
    pids.has(pid) || ports.has(`${clientAddress} ${clientPort}`);
}

/** Roles and addresses of connections that were there all the time and rested in between. */
function othersAmong(uncounted: readonly (readonly BackendRow[])[]): ReadonlySet<string> {
  const everywhere = (uncounted[0] ?? []).filter(({ pid }) =>
    uncounted.every((backends) => backends.some((backend) => backend.pid === pid)),
  );
  return new Set(
    everywhere
      .filter(({ pid }) => {
        const rows = uncounted.flatMap((all) => all.filter((backend) => backend.pid === pid));
        return rows.some(({ state }) => state !== "active") || !isOneQuery(rows);
      })
      .map(placeOf),
  );
}

/** For how long before the last sample it ran the same query, unknown to every pgbouncer. */
function observedForMs(
  { pid }: BackendRow,
  uncounted: readonly (readonly BackendRow[])[],
  { samples }: LivePostgres,
): number {
  const rows: BackendRow[] = [];
  let sinceMs = samples.at(-1)?.atMs ?? 0;
  for (let index = uncounted.length - 1; index >= 0; index--) {
    const backend = uncounted[index]?.find((each) => each.pid === pid);
    if (backend?.state !== "active" || !isOneQuery([...rows, backend])) break;
    rows.push(backend);
    sinceMs = samples[index]?.atMs ?? sinceMs;
  }
  return (samples.at(-1)?.atMs ?? 0) - sinceMs;
}

function isOneQuery(rows: readonly BackendRow[]): boolean {
  return sameMoment(rows.map(({ queryStartedAtMs }) => queryStartedAtMs)) !== undefined;
}

function findingOf(
  running: readonly BackendRow[],
  closed: readonly BackendRow[],
  postgres: LivePostgres,
): CauseFinding {
  const available = availableOf(postgres);
  const nowMs = postgres.samples.at(-1)?.atMs ?? 0;
  const sorted = running.toSorted(
    (a, b) => (a.queryStartedAtMs ?? nowMs) - (b.queryStartedAtMs ?? nowMs) || a.pid - b.pid,
  );
  const roles = distinct(running.map(({ user }) => user));
  const limits = roles.map((role) => {
    const limit = postgres.roleLimits.get(role) ?? -1;
    return `CONNECTION LIMIT of role ${role}: ${limit < 0 ? "none" : limit}`;
  });
  return {
    kind: "QueriesWithoutClient",
    summary: `Postgres ${postgres.address} runs ${countedAs(running.length, "query", "queries")} whose client is gone, on ${running.length} of its ${available} connections, which no PgBouncer counts`,
    evidence: [
      ...joinTruncatedLines(
        sorted.map((backend) => {
          const { pid, user, command, clientAddress, clientPort, queryStartedAtMs } = backend;
          const since = queryStartedAtMs ?? nowMs;
          return `backend ${pid}, role ${user}, ${command} since ${moment(since)} (${duration(nowMs - since)}), from ${clientAddress}:${clientPort}: in no PgBouncer's SHOW SERVERS${closed.includes(backend) ? " any more: it was closed meanwhile" : ""}`;
        }),
      ),
      ...limits,
    ],
    next: [
      `${closed.length < running.length ? "where no other program or PgBouncer connects from there, " : ""}to end them now, in Postgres: SELECT pg_cancel_backend(pid) FROM unnest(ARRAY[${sorted.map(({ pid }) => pid).join(", ")}]) AS pid`,
      ...roles.map(
        (role) =>
          `let Postgres notice that a client is gone: ALTER ROLE ${quotedIdentifier(role)} SET client_connection_check_interval = '500ms' (new connections have it: RECONNECT on PgBouncer's console)`,
      ),
      "bound them: ALTER ROLE … CONNECTION LIMIT N; weir guard FLEET prints both with the right N",
    ],
    share: running.length / Math.max(1, available),
    frees: [],
  };
}
