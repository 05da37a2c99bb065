import { availableConnections } from "../../api/connectionBudget.ts";
import { clientLimitOf } from "../../pgbouncer/lineLimits.ts";
import { isWaiting } from "../../pgbouncer/show.ts";
import { byCodeUnit } from "../../text/order.ts";
import { whoIs } from "./finding.ts";
import type { Diagnosis, Holder, PgBouncerUse, PostgresUse } from "./diagnosis.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { ClientRow, DatabaseRow, LivePgBouncer } from "../../model/pgbouncer.ts";
import type { LivePostgres } from "../../model/postgres.ts";
import { ownersIn, type LiveOwners } from "./owners.ts";
import { isBusy, lastOf, linePoolsOf, maxClientConnOf } from "./window.ts";

/** The holders of connections, as the last samples show them. */
export function currentUse(live: LiveSystem): Pick<Diagnosis, "poolers" | "postgres"> {
  const owners = ownersIn(live);
  return {
    poolers: live.pgbouncers.map((pgbouncer) => pgbouncerUse(pgbouncer, owners)),
    ...(live.postgres !== undefined && { postgres: postgresUse(live.postgres) }),
  };
}

function pgbouncerUse(pgbouncer: LivePgBouncer, owners: LiveOwners): PgBouncerUse {
  const { clients, usedClients } = lastOf(pgbouncer);
  return {
    address: pgbouncer.address,
    version: pgbouncer.version,
    access: pgbouncer.access,
    maxClientConn: maxClientConnOf(pgbouncer),
    used: usedClients,
    holders: [...Map.groupBy(clients, whoIs).values()]
      .flatMap((members) => holderOf(members, owners) ?? [])
      .toSorted((a, b) => b.clients - a.clients || byCodeUnit(keyOf(a), keyOf(b))),
    lines: pgbouncer.lines.map((line) => lineOf(pgbouncer, line)),
  };
}

function holderOf(members: readonly ClientRow[], owners: LiveOwners): Holder | undefined {
  const [first] = members;
  if (first === undefined) return undefined;
  const owner = owners.nearest(first);
  const poolMax = owner?.workload.poolMax;
  return {
    line: first.line,
    user: first.user,
    application: first.applicationName,
    address: first.address,
    ...(owner !== undefined && { workload: owner.workload.name }),
    ...(owner?.pod !== undefined && { pod: owner.pod }),
    ...(poolMax !== undefined && { poolMax }),
    clients: members.length,
    busy: members.filter(isBusy).length,
    waiting: members.filter(isWaiting).length,
  };
}

function keyOf({ line, user, application, address }: Holder): string {
  return [line, user, application, address].join("\n");
}

function lineOf(pgbouncer: LivePgBouncer, line: DatabaseRow): PgBouncerUse["lines"][number] {
  const own = lastOf(pgbouncer).clients.filter((client) => client.line === line.name);
  const { servers, serversMax = 0 } = linePoolsOf(pgbouncer, line.name);
  const clientsMax = clientLimitOf(line, pgbouncer.config);
  return {
    name: line.name,
    clients: own.length,
    ...(clientsMax !== undefined && { clientsMax }),
    waiting: own.filter(isWaiting).length,
    backends: servers,
    backendsMax: serversMax,
    ...(line.paused && { paused: true }),
    ...(line.disabled && { disabled: true }),
  };
}

function postgresUse(postgres: LivePostgres): PostgresUse {
  const backends = postgres.samples.at(-1)?.backends ?? [];
  const roles = [...Map.groupBy(backends, ({ user }) => user)].map(([role, own]) => {
    const limit = postgres.roleLimits.get(role) ?? -1;
    const isIn = (state: string) => own.filter((each) => each.state.startsWith(state)).length;
    return {
      role,
      open: own.length,
      ...(limit >= 0 && { limit }),
      active: isIn("active"),
      idleInTransaction: isIn("idle in transaction"),
    };
  });
  return {
    address: postgres.address,
    version: postgres.version,
    available: availableOf(postgres),
    maxConnections: postgres.maxConnections,
    open: backends.length,
    roles: roles.toSorted((a, b) => b.open - a.open || byCodeUnit(a.role, b.role)),
  };
}

/** What Postgres leaves to everybody but superusers and those it reserves for. */
export function availableOf(postgres: LivePostgres): number {
  return availableConnections({ ...postgres, directConnections: 0 });
}
