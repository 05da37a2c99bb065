import { availableConnections, type ConnectionBudget } from "../api/connectionBudget.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import type { LineState } from "../model/pgbouncer.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import { failureFrom, type CheckOutcome, type FailureCause } from "./condition.ts";
import type { BudgetInput } from "./input.ts";
import { listed } from "../text/wording.ts";
import { sourceStatusOf, outcomeOf, combined, type ObservedPgBouncers } from "./sources.ts";
import { liveRoomOf, liveShareOf } from "./processUse.ts";

/** A backend whose client is gone must end within this: the check's longest interval. */
const CHECK_INTERVAL_MAX_MS = 1000;

/** A missing or wrong setting, without which Postgres does not keep the sum by itself. */
type Gap = FailureCause<"PostgresGuarded">;

/**
 * PostgresGuarded: whether Postgres itself keeps the sum. PgBouncer's limits don't bound backends: a
 * client that drops in the middle of a query frees its slot while Postgres goes on. Bound is the
 * role, and what Postgres admits must not be less than what the spec says.
 */
export function postgresGuarded({
  snapshot: { postgres },
  plan,
  pgbouncers,
}: Omit<BudgetInput, "owners">): CheckOutcome<"PostgresGuarded"> {
  if (plan.budget === undefined) return plan.why;
  const { budget } = plan;
  const isExisting = budget.spec.pgbouncer.existing !== undefined;
  const ofPostgres = sourceStatusOf("Postgres", postgres);
  // weir's own PgBouncer forces the role on every line; ConfigApplied checks that.
  const sources = isExisting ? combined([ofPostgres, pgbouncers]) : ofPostgres;
  const gaps =
    postgres.state === "available"
      ? [
          ...gapsOf(budget, postgres.value),
          ...(isExisting ? otherRoleGaps(budget, postgres.value, pgbouncers) : []),
        ]
      : [];
  const failure = failureFrom(gaps, (texts) => texts.join("; ") + hintOf(gaps));
  return outcomeOf(sources, failure, {
    status: "True",
    reason: "Guarded",
    message: postgres.state === "available" ? guardedText(budget, postgres.value) : "",
  });
}

/** What weir guard can set; the size of a Postgres it can't. */
function hintOf(gaps: readonly Gap[]): string {
  const others: readonly Gap["reason"][] = ["MaxConnectionsSmaller", "OtherRoles"];
  const ofRole = gaps.some(({ reason }) => !others.includes(reason));
  return ofRole ? " (weir guard FLEET prints the SQL for the role)" : "";
}

/** The cause before what follows from it. */
function gapsOf(budget: ConnectionBudget, live: PostgresSnapshot): readonly Gap[] {
  if (!live.role.exists) {
    const text = `role ${live.role.name} does not exist in Postgres ${live.address}`;
    return [{ reason: "RoleMissing", text }, ...roomGaps(budget, live)];
  }
  return [
    ...superuserGaps(live),
    ...roomGaps(budget, live),
    ...limitGaps(budget, live),
    ...deadClientGaps(live),
  ];
}

function superuserGaps({ role }: PostgresSnapshot): readonly Gap[] {
  if (!role.superuser) return [];
  const text = `role ${role.name} is a superuser, which no CONNECTION LIMIT holds: give the budget a role of its own`;
  return [{ reason: "Superuser", text }];
}

/** PgBouncer logs in as somebody else too, whose backends no limit of this role counts. */
function otherRoleGaps(
  budget: ConnectionBudget,
  { role: { name } }: PostgresSnapshot,
  { available }: ObservedPgBouncers,
): readonly Gap[] {
  const here = formatPostgresAddress(postgresAddressOf(budget));
  const roles = new Set(
    available.flatMap(({ state, lines }) =>
      [...lines.values()]
        .filter((line) => addressOf(budget, line) === here)
        .flatMap((line) => line.roles)
        .filter((role) => role !== name && role !== state.config.get("auth_user")),
    ),
  );
  if (roles.size === 0) return [];
  const text =
    `PgBouncer logs in as ${listed([...roles].toSorted())} too, whose backends the CONNECTION ` +
    `LIMIT of role ${name} does not count: force user=${name} on the lines, or make a budget for each`;
  return [{ reason: "OtherRoles", text }];
}

function addressOf({ metadata }: ConnectionBudget, { host, port }: LineState): string {
  return formatPostgresAddress(postgresAddressOf({ metadata, spec: { postgres: { host, port } } }));
}

/** Less of it than the spec says: then the sums count on connections that are not there. */
function roomGaps(budget: ConnectionBudget, live: PostgresSnapshot): readonly Gap[] {
  const { postgres } = budget.spec;
  const available = liveRoomOf(budget, live);
  const planned = availableConnections(postgres);
  if (live.maxConnections >= postgres.maxConnections && available >= planned) return [];
  const text =
    `Postgres has ${sumOf(live)}, and the spec says ${sumOf(postgres)}: ${available} are left for ` +
    `PgBouncer where ${planned} are planned with`;
  return [{ reason: "MaxConnectionsSmaller", text }];
}

function sumOf(
  counts: Omit<Parameters<typeof availableConnections>[0], "directConnections">,
): string {
  return (
    `max_connections ${counts.maxConnections} - superuser_reserved_connections ` +
    `${counts.superuserReservedConnections} - reserved_connections ${counts.reservedConnections}`
  );
}

/** CONNECTION LIMIT from 1 to P. */
function limitGaps(budget: ConnectionBudget, live: PostgresSnapshot): readonly Gap[] {
  const { name, connectionLimit: limit } = live.role;
  const most = liveShareOf(budget, live);
  if (limit < 0) {
    const text = `role ${name} has no CONNECTION LIMIT: it must be at most ${most}`;
    return [{ reason: "NoConnectionLimit", text }];
  }
  if (limit > most) {
    const text = `role ${name} has CONNECTION LIMIT ${limit} > ${most}`;
    return [{ reason: "ConnectionLimitTooHigh", text }];
  }
  if (limit > 0) return [];
  const text = `role ${name} has CONNECTION LIMIT 0: it may not log in`;
  return [{ reason: "ConnectionLimitZero", text }];
}

/** What ends a backend whose client, PgBouncer, is gone. */
function deadClientGaps({ role }: PostgresSnapshot): readonly Gap[] {
  const { name, clientConnectionCheckIntervalMs: interval, keepaliveS } = role;
  const gaps: Gap[] = [];
  if (interval < 1 || interval > CHECK_INTERVAL_MAX_MS) {
    const found = interval === 0 ? "off" : `${interval} ms`;
    const text = `client_connection_check_interval of role ${name} is ${found}: it must be 1 to ${CHECK_INTERVAL_MAX_MS} ms, else a query runs on without its client`;
    gaps.push({ reason: "NoConnectionCheck", text });
  }
  if (keepaliveS === 0) {
    const text = `role ${name} has no tcp_keepalives of its own: a backend of a lost node stays for two hours`;
    gaps.push({ reason: "NoKeepalives", text });
  }
  return gaps;
}

function guardedText(budget: ConnectionBudget, live: PostgresSnapshot): string {
  const { name, connectionLimit, clientConnectionCheckIntervalMs, keepaliveS } = live.role;
  const most = liveShareOf(budget, live);
  return (
    `role ${name}: CONNECTION LIMIT ${connectionLimit} ≤ ${most}, ` +
    `client_connection_check_interval ${clientConnectionCheckIntervalMs} ms, keepalives ` +
    `${keepaliveS} s; Postgres admits ${liveRoomOf(budget, live)} through PgBouncer`
  );
}
