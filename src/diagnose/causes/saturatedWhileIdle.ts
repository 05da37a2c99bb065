import { DEFAULT_RESERVE } from "../../api/connectionBudget.ts";
import { clientLimitOf } from "../../pgbouncer/lineLimits.ts";
import { byCodeUnit } from "../../text/order.ts";
import { clientEvidence, joinTruncatedLines, type CauseFinding } from "./finding.ts";
import { counted } from "../../text/wording.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { ClientRow, DatabaseRow, LivePgBouncer } from "../../model/pgbouncer.ts";
import { availableOf } from "./currentUse.ts";
import { ownersIn } from "./owners.ts";
import {
  addressesOf,
  alwaysQueued,
  clientsIn,
  isBusy,
  lastOf,
  maxClientConnOf,
  persistentClientsOf,
} from "./window.ts";

/** Connections that a healthy process must have room for at once: a login and a cancel request. */
const ROOM = 2;

/**
 * SaturatedWhileIdle, of a process and of lines. A process has no room when in every sample, those
 * still logging in left out (they come and go), fewer than ROOM places of max_client_conn are left.
 * It is idle when more than half of its clients neither held a backend connection nor waited for one
 * in any sample, of pools that had no queue in all of them: where there is one, backend connections
 * are what is missing. A line at its max_db_client_connections is as it should be, unless somebody is locked
 * out: a pod of its workload that is not ready and has no client anywhere.
 */
export function saturatedWhileIdle(live: LiveSystem): readonly Saturated[] {
  return live.pgbouncers.flatMap((pgbouncer) => [
    ...saturatedProcess(live, pgbouncer),
    ...pgbouncer.lines.flatMap((line) => saturatedLine(live, pgbouncer, line)),
  ]);
}

/** A full process, or a full line of it. */
export interface Saturated extends CauseFinding {
  readonly pgbouncer: LivePgBouncer;
  /** Absent: the whole process. */
  readonly line?: string;
  /** Whether it would still be full without so many of its clients. */
  readonly stillFullWithout: (clients: number) => boolean;
}

function saturatedProcess(live: LiveSystem, pgbouncer: LivePgBouncer): readonly Saturated[] {
  const max = maxClientConnOf(pgbouncer);
  const stillFullWithout = (gone: number) => isFull(pgbouncer, gone);
  if (!stillFullWithout(0)) return [];
  const idle = idleOf(pgbouncer, () => true);
  if (idle === undefined) return [];
  const { usedClients: used, clients } = lastOf(pgbouncer);
  return [
    {
      kind: "SaturatedWhileIdle",
      summary: `PgBouncer ${pgbouncer.address} is full (${used} of max_client_conn ${max} are used), while ${idle.length} of its ${clients.length} clients did nothing all the time`,
      evidence: [
        `fewer than ${ROOM} places of ${max} were left in each of ${pgbouncer.samples.length} samples, counting weir's own console`,
        ...clientEvidence(idle, "idle client"),
        ...serversIn(pgbouncer),
      ],
      next: [
        "to get room now, restart the largest of these holders, one at a time (kubectl rollout restart, docker compose restart)",
        `give the pools smaller maxima and short idle timeouts: together at most ${Math.max(0, max - RESERVE)}, which is ${max} less ${RESERVE} for consoles, maintenance and logins; weir plan FLEET computes them`,
        raisingAlone(live),
      ],
      share: idle.length / max,
      frees: [],
      pgbouncer,
      stillFullWithout,
    },
  ];
}

/**
 * Whether in every sample fewer than ROOM places of max_client_conn were left.
 *
 * @param without so many of its clients
 */
export function isFull(pgbouncer: LivePgBouncer, without = 0): boolean {
  const max = maxClientConnOf(pgbouncer);
  return pgbouncer.samples.every(
    ({ usedClients, loggingIn }) => max - (usedClients - loggingIn) + without < ROOM,
  );
}

/** What weir keeps for consoles, maintenance and logins by default. */
const RESERVE = DEFAULT_RESERVE.consoles + DEFAULT_RESERVE.maintenance + DEFAULT_RESERVE.logins;

function raisingAlone({ postgres }: LiveSystem): string {
  const carries =
    postgres === undefined
      ? "no more of them would work at once"
      : `Postgres lets ${availableOf(postgres)} connections work at once, however many wait before it`;
  return `don't raise max_client_conn alone: ${carries}`;
}

function saturatedLine(
  live: LiveSystem,
  pgbouncer: LivePgBouncer,
  line: DatabaseRow,
): readonly Saturated[] {
  const { name } = line;
  const max = clientLimitOf(line, pgbouncer.config);
  const own = (one: { readonly line: string }) => one.line === name;
  if (max === undefined) return [];
  const stillFullWithout = (gone: number) =>
    pgbouncer.samples.every(({ clients }) => clients.filter(own).length - gone >= max);
  if (!stillFullWithout(0)) return [];
  const idle = idleOf(pgbouncer, own);
  const lockedOut = podsWithoutClient(live, name);
  if (idle === undefined || lockedOut.length === 0) return [];
  return [
    {
      kind: "SaturatedWhileIdle",
      summary: `line ${name} of PgBouncer ${pgbouncer.address} is at its max_db_client_connections of ${max}, ${idle.length} of them idle, while ${counted(lockedOut.length, "pod")} of its workload can't log in`,
      evidence: [
        ...joinTruncatedLines(
          lockedOut.map((pod) => `${pod} is not ready and has no client on any PgBouncer`),
        ),
        ...clientEvidence(idle, "idle client"),
      ],
      next: [
        `lower the pools behind line ${name}, so that those of all its pods together are at most ${max}`,
        "or give the line more: weir plan FLEET computes what fits",
      ],
      share: idle.length / max,
      frees: [],
      pgbouncer,
      line: name,
      stillFullWithout,
    },
  ];
}

/** Clients that did nothing all the time, in pools without a lasting queue, if they are most. */
function idleOf(
  pgbouncer: LivePgBouncer,
  own: (one: { readonly line: string }) => boolean,
): readonly ClientRow[] | undefined {
  const idle = persistentClientsOf(pgbouncer).filter(
    ({ client, rows }) =>
      own(client) &&
      !rows.some((each) => isBusy(each)) &&
      !alwaysQueued(pgbouncer, client.line, client.user),
  );
  const all = lastOf(pgbouncer).clients.filter(own).length;
  return idle.length * 2 <= all ? undefined : idle.map(({ client }) => client);
}

function podsWithoutClient(live: LiveSystem, line: string): readonly string[] {
  const owners = ownersIn(live);
  const addresses = addressesOf(clientsIn(live.pgbouncers));
  // If no pod connects from its own address, a missing address proves nothing.
  if (![...addresses].some((address) => owners.hasPodAt(address))) return [];
  return (live.workloads ?? [])
    .filter((workload) => workload.line === line)
    .flatMap(({ pods }) => pods)
    .filter(({ ready, terminating, address }) => {
      return !ready && !terminating && address !== undefined && !addresses.has(address);
    })
    .map(({ name }) => name)
    .toSorted(byCodeUnit);
}

function serversIn(pgbouncer: LivePgBouncer): readonly string[] {
  const { pools } = lastOf(pgbouncer);
  return joinTruncatedLines(
    pools
      .map(
        ({ line, user, serversActive, servers, clientsWaiting }) =>
          `backend connections of line ${line}, user ${user}: ${serversActive} of ${servers} at work, ${clientsWaiting} clients wait`,
      )
      .toSorted(byCodeUnit),
  );
}
