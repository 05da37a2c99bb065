import { byCodeUnit } from "../../text/order.ts";
import { clientEvidence, joinTruncatedLines, whoIs, type CauseFinding } from "./finding.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { ClientRow, LivePgBouncer } from "../../model/pgbouncer.ts";
import type { Thresholds } from "./thresholds.ts";
import { isConsole, keyOf, lastOf, maxClientConnOf } from "./window.ts";

/**
 * LoginStorm, one a pgbouncer. Either clients that came and went within the window: of one line (where
 * PgBouncer counts logins) or of one group of line, user, application and address (those that a
 * sample caught, so at least as many),
 * - logins in every third of the window, loginsPerSecond or more: a restart, which is over once, is
 *   none;
 * - loginsPerSecond or more of clients that are gone again: a pool that fills keeps its clients;
 * - and more of these than of clients that were there from beginning to end: it does not pool.
 * Or sockets: in every sample more than loginsUnderWay were logging in, over what is reserved for
 * them; they take places of max_client_conn before anybody knows whose they are.
 */
export function loginStorms(live: LiveSystem, thresholds: Thresholds): readonly CauseFinding[] {
  return live.pgbouncers.flatMap((pgbouncer) => stormAt(pgbouncer, thresholds) ?? []);
}

function stormAt(pgbouncer: LivePgBouncer, thresholds: Thresholds): CauseFinding | undefined {
  const counts = countsOf(pgbouncer).filter((count) => isStorm(count, pgbouncer, thresholds));
  const underWay = pgbouncer.samples.map(({ loggingIn }) => loggingIn);
  const { loginsUnderWay } = thresholds;
  const floods = underWay.every((sockets) => sockets > loginsUnderWay);
  if (counts.length === 0 && !floods) return undefined;

  const seconds = windowSeconds(pgbouncer);
  const gone = counts.reduce((sum, count) => sum + count.gone, 0);
  const rate = Math.round(gone / seconds);
  const fewest = Math.min(...underWay);
  const max = maxClientConnOf(pgbouncer);
  return {
    kind: "LoginStorm",
    summary:
      counts.length > 0
        ? `PgBouncer ${pgbouncer.address} lets in ${rate} clients a second or more that are gone again at once: ${gone} in ${Math.round(seconds)} s`
        : `at PgBouncer ${pgbouncer.address} at least ${fewest} sockets were logging in at every moment, where ${loginsUnderWay} are reserved`,
    evidence: [
      ...joinTruncatedLines(
        counts.map(
          ({ who, gone: own, remained }) =>
            `${who}: ${own} clients came and went within ${Math.round(seconds)} s, ${remained} stayed`,
        ),
      ),
      ...clientEvidence(goneAgain(pgbouncer), "short-lived client"),
      `sockets logging in at the samples: ${underWay.join(", ")}; each takes one of max_client_conn ${max}`,
    ],
    next: [
      counts.length > 0
        ? "let that program keep its connections: one pool a process, made once, and not one a request"
        : "look into PgBouncer's log for who connects: SHOW CLIENTS does not list those still logging in",
      "let it open one connection at a time, and wait longer after each refusal, with jitter",
      "set client_login_timeout = 5 in PgBouncer, so that sockets that never log in go; a line of its own with max_db_client_connections (weir plan) keeps it from the others",
    ],
    share: (gone / seconds + fewest) / max,
    frees: [{ pgbouncer: pgbouncer.address, clients: fewest }],
  };
}

/** Logins of a line or a group. */
interface Count {
  readonly who: string;
  /** In each interval between two samples. */
  readonly logins: readonly number[];
  /** Clients that came after the first sample and are not in the last one. */
  readonly gone: number;
  /** Clients that are in the first sample and in the last one. */
  readonly remained: number;
}

function isStorm(
  { logins, gone, remained }: Count,
  pgbouncer: LivePgBouncer,
  { loginsPerSecond }: Thresholds,
): boolean {
  const thirds = [0, 0, 0];
  for (const [index, count] of logins.entries()) {
    const third = Math.floor((index * thirds.length) / logins.length);
    thirds[third] = (thirds[third] ?? 0) + count;
  }
  const seconds = windowSeconds(pgbouncer);
  const steady = thirds.every((count) => count >= (loginsPerSecond * seconds) / thirds.length);
  return steady && gone >= loginsPerSecond * seconds && gone > remained;
}

function countsOf(pgbouncer: LivePgBouncer): readonly Count[] {
  const counted = pgbouncer.lines.flatMap(({ name }) => countedLine(pgbouncer, name) ?? []);
  return counted.length > 0 ? counted : caughtGroups(pgbouncer);
}

/** The logins of a line as PgBouncer counts them, since 1.26. */
function countedLine(pgbouncer: LivePgBouncer, line: string): Count | undefined {
  const totals = pgbouncer.samples.flatMap(({ loginsByLine }) => loginsByLine?.get(line) ?? []);
  if (totals.length < pgbouncer.samples.length) return undefined;
  const logins = totals.slice(1).map((total, index) => total - (totals[index] ?? 0));
  const sum = logins.reduce((total, each) => total + each, 0);
  const own = pgbouncer.samples.map(({ clients }) => clients.filter((one) => one.line === line));
  const first = keysOf(own[0]);
  const last = own.at(-1) ?? [];
  const remained = last.filter((client) => first.has(keyOf(client))).length;
  return {
    who: `line ${line}`,
    logins,
    gone: Math.max(0, sum - (last.length - remained)),
    remained,
  };
}

/** The logins that samples show, by group: a lower bound of the real number. */
function caughtGroups(pgbouncer: LivePgBouncer): readonly Count[] {
  const { samples } = pgbouncer;
  const gone = keysOf(goneAgain(pgbouncer));
  const first = keysOf(samples[0]?.clients);
  const last = keysOf(lastOf(pgbouncer).clients);
  return [...Map.groupBy(clientsIn(pgbouncer), whoIs)]
    .map(([who, members]) => {
      const keys = keysOf(members);
      return {
        who,
        // For each sample but the first: clients that were not in the sample before.
        logins: samples.slice(1).map(({ clients }, index) => {
          const before = keysOf(samples[index]?.clients);
          return clients.filter((one) => keys.has(keyOf(one)) && !before.has(keyOf(one))).length;
        }),
        gone: members.filter((one) => gone.has(keyOf(one))).length,
        remained: members.filter((one) => first.has(keyOf(one)) && last.has(keyOf(one))).length,
      };
    })
    .toSorted((a, b) => b.gone - a.gone || byCodeUnit(a.who, b.who));
}

/** Clients in some sample, but neither in the first nor in the last. */
function goneAgain(pgbouncer: LivePgBouncer): readonly ClientRow[] {
  const atEdges = keysOf([...(pgbouncer.samples[0]?.clients ?? []), ...lastOf(pgbouncer).clients]);
  return clientsIn(pgbouncer).filter((client) => !atEdges.has(keyOf(client)));
}

/** Each client of any sample once, as its last sample shows it, without consoles. */
function clientsIn({ samples }: LivePgBouncer): readonly ClientRow[] {
  const clients = samples.flatMap((sample) => sample.clients.filter((one) => !isConsole(one)));
  return [...new Map(clients.map((client) => [keyOf(client), client])).values()];
}

function keysOf(clients: readonly ClientRow[] = []): ReadonlySet<string> {
  return new Set(clients.map(keyOf));
}

function windowSeconds(pgbouncer: LivePgBouncer): number {
  return (lastOf(pgbouncer).atMs - (pgbouncer.samples[0]?.atMs ?? 0)) / 1000;
}
