import { byCodeUnit } from "../../text/order.ts";
import {
  countedAs,
  distinct,
  duration,
  moment,
  joinTruncatedLines,
  whoIs,
  type CauseFinding,
} from "./finding.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { LivePgBouncer, ServerRow } from "../../model/pgbouncer.ts";
import type { BackendRow, LivePostgres } from "../../model/postgres.ts";
import { ownersIn, type LiveOwners } from "./owners.ts";
import type { Thresholds } from "./thresholds.ts";
import {
  alwaysQueued,
  lastOf,
  linePoolsOf,
  sameMoment,
  silenceMs,
  persistentClientsOf,
  type PersistentClient,
} from "./window.ts";
import { quotedIdentifier } from "../../text/quoting.ts";

/** A backend connection that one client holds and does nothing with. */
interface IdleHold {
  readonly by: PersistentClient;
  readonly server: ServerRow;
  readonly sinceMs: number;
  readonly forMs: number;
  /** Its role in Postgres. */
  readonly role: string;
  /** The transaction or the session that holds it; `unknown`: weir can't know which. */
  readonly how: "transaction" | "session" | "unknown";
}

/** A line whose backend connections are held and not used: that explains its queue. */
export interface Leak extends CauseFinding {
  readonly pgbouncer: LivePgBouncer;
  readonly line: string;
}

/**
 * Leaks: one for each line of each pgbouncer. A client that held the same backend connection in every
 * sample, and
 * - whose backend Postgres calls `idle in transaction` in every sample, since one and the same
 *   moment, idleInTransactionMs ago or longer; or
 * - whose backend is idle outside a transaction in every sample (only session pooling holds it
 *   then), and who has asked nothing for heldIdleMs, while others wait in every sample; or
 * - about whose backend Postgres could not be asked, and who has asked nothing for heldUnknownMs,
 *   while others wait in every sample.
 * A query that runs, however long, is none of these where Postgres was asked: its state is active.
 */
export function leaks(live: LiveSystem, thresholds: Thresholds): readonly Leak[] {
  const owners = ownersIn(live);
  return live.pgbouncers.flatMap((pgbouncer) => {
    const held = persistentClientsOf(pgbouncer).flatMap(
      (by) => heldBy(by, live.postgres, thresholds) ?? [],
    );
    const byLine = Map.groupBy(held, ({ by }) => by.client.line);
    return [...byLine].map(([line, own]) => findingOf(pgbouncer, line, own, owners));
  });
}

function heldBy(
  by: PersistentClient,
  postgres: LivePostgres | undefined,
  { idleInTransactionMs, heldIdleMs, heldUnknownMs }: Thresholds,
): IdleHold | undefined {
  const { pgbouncer, client, rows } = by;
  const server = lastOf(pgbouncer).servers.find(({ id }) => id === client.serverId);
  if (server === undefined || rows.some(({ serverId }) => serverId !== server.id)) return undefined;

  const backends = backendsOf(server, postgres);
  const [state, ...others] = new Set(backends?.map((each) => stateOf(each.state)));
  const queued =
    alwaysQueued(pgbouncer, client.line, server.user) ||
    alwaysQueued(pgbouncer, client.line, client.user);
  const silent = silenceMs(by);
  const role = backends?.[0]?.user ?? server.user;
  const asked = { by, server, role, sinceMs: client.requestedAtMs, forMs: silent };

  if (backends === undefined || state === "hidden") {
    return queued && silent >= heldUnknownMs ? { ...asked, how: "unknown" } : undefined;
  }
  if (others.length > 0) return undefined;
  if (state === "idle") {
    const line = pgbouncer.lines.find(({ name }) => name === client.line);
    const isSession = line?.poolMode === "session";
    return isSession && queued && silent >= heldIdleMs ? { ...asked, how: "session" } : undefined;
  }
  const sinceMs = sameMoment(backends.map(({ stateChangedAtMs }) => stateChangedAtMs));
  if (state !== "idle in transaction" || sinceMs === undefined) return undefined;
  const forMs = (postgres?.samples.at(-1)?.atMs ?? sinceMs) - sinceMs;
  if (forMs < idleInTransactionMs) return undefined;
  return { by, server, role, sinceMs, forMs, how: "transaction" };
}

/** The backend of a backend connection in every sample; undefined when it is not in all of them. */
function backendsOf(
  { backendPid, localAddress, localPort }: ServerRow,
  postgres: LivePostgres | undefined,
): readonly BackendRow[] | undefined {
  const found = (postgres?.samples ?? []).flatMap(({ backends }) =>
    backends.filter(
      ({ pid, clientAddress, clientPort }) =>
        // Pids are Postgres' own: another Postgres behind the same PgBouncer may have the same ones.
        pid === backendPid && (clientAddress !== localAddress || clientPort === localPort),
    ),
  );
  return found.length > 0 && found.length === postgres?.samples.length ? found : undefined;
}

/** `idle in transaction (aborted)` holds just as much. */
function stateOf(state: string): string {
  return state.startsWith("idle in transaction") ? "idle in transaction" : state;
}

function findingOf(
  pgbouncer: LivePgBouncer,
  line: string,
  held: readonly IdleHold[],
  owners: LiveOwners,
): Leak {
  const longest = held.toSorted(
    (a, b) => b.forMs - a.forMs || byCodeUnit(a.server.id, b.server.id),
  );
  const { serversMax: max, waiting } = linePoolsOf(pgbouncer, line);
  const ofMax = max === undefined ? "" : ` of ${max}`;
  const forMs = longest[0]?.forMs ?? 0;
  return {
    kind: "Leak",
    summary: `${held.length}${ofMax} backend connections of line ${line} ${held.length === 1 ? "is" : "are"} held and not used, the longest for ${duration(forMs)}; ${countedAs(waiting, "client waits", "clients wait")}`,
    evidence: joinTruncatedLines(longest.map((each) => evidenceOf(each, owners))),
    next: nextOf(longest),
    share: max === undefined ? 1 : held.length / max,
    frees: [],
    pgbouncer,
    line,
  };
}

const DOES = {
  transaction: "sits idle in a transaction",
  session: "keeps it for its session and asks nothing, while others wait",
  unknown:
    "asked nothing on it, while others wait (name Postgres with --postgres to learn whether a query runs on it)",
} as const;

function evidenceOf({ by, server, sinceMs, forMs, how }: IdleHold, owners: LiveOwners): string {
  const { client } = by;
  const owner = owners.nearest(client);
  const whose = [owner?.workload.name, owner?.pod].filter((name) => name !== undefined).join(", ");
  const at = `${client.address}:${client.port}`;
  return `${whoIs({ ...client, address: at })}${whose === "" ? "" : ` (${whose})`}: holds backend ${server.backendPid} and ${DOES[how]}, since ${moment(sinceMs)} (${duration(forMs)})`;
}

function nextOf(held: readonly IdleHold[]): readonly string[] {
  const hows = new Set(held.map(({ how }) => how));
  const pids = `ARRAY[${held.map(({ server }) => server.backendPid).join(", ")}]`;
  const roles = distinct(held.map(({ role }) => role));
  return [
    ...(hows.has("unknown")
      ? [
          `ask Postgres what it does: SELECT state, state_change, xact_start FROM pg_stat_activity WHERE pid = ANY (${pids}); active there is a long query, and no leak`,
        ]
      : []),
    `to free it now, in Postgres: SELECT pg_terminate_backend(pid) FROM unnest(${pids}) AS pid`,
    "look in that program for a client that is checked out, or a BEGIN, without a release or COMMIT on every path, errors too; no call to another service belongs between them",
    ...(hows.has("transaction") ? roles : []).map(
      (role) =>
        `let Postgres end such transactions: ALTER ROLE ${quotedIdentifier(role)} SET idle_in_transaction_session_timeout = '10s'`,
    ),
    ...(hows.has("session")
      ? ["set pool_mode = transaction, if the program needs no session; else smaller pools"]
      : []),
  ];
}
