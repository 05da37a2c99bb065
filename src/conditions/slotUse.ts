import {
  availableConnections,
  processCountOf,
  type ConnectionBudget,
} from "../api/connectionBudget.ts";
import { MAINTENANCE_LINE } from "../api/names.ts";
import { shareOf } from "../budget/sums.ts";
import type { Observation } from "../model/observation.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import { serverLimitOf } from "../pgbouncer/lineLimits.ts";
import type { ObservedPgBouncer, ObservedPgBouncers } from "./observed.ts";

/** The slot sum of one PgBouncer process as it is: server connections. */
export interface SlotUse {
  /** Σ max(pools × (pool size + reserve pool), open) over the lines of servers. */
  readonly lines: number;
  /** The reserve, or what is more than it. */
  readonly maintenance: number;
  readonly total: number;
}

/** What all processes together may use of Postgres, and so each of them. */
export interface SlotRoom {
  /** P: what the spec says, or what Postgres really leaves when that is less. */
  readonly postgres: number;
  /** K: as many as the spec says, or as are known when these are more. */
  readonly processes: number;
  /** S = ⌊P / K⌋. */
  readonly perProcess: number;
}

export function slotUseOf({ state, lines }: ObservedPgBouncer, budget: ConnectionBudget): SlotUse {
  let sum = 0;
  let maintenance = budget.spec.pgbouncer.reserve.maintenanceSlots;
  for (const line of lines.values()) {
    const open = Math.max(line.openServers, state.window.lines.get(line.name)?.serversMax ?? 0);
    const most = Math.max(serverLimitOf(line, line.roles.length) ?? 0, open);
    if (line.name === MAINTENANCE_LINE) maintenance = Math.max(maintenance, most);
    else sum += most;
  }
  return { lines: sum, maintenance, total: sum + maintenance };
}

export function slotRoomOf(
  budget: ConnectionBudget,
  { names = [] }: ObservedPgBouncers,
  postgres: Observation<PostgresSnapshot>,
): SlotRoom {
  const connections = postgresRoomOf(budget, postgres);
  // One that is away for a moment comes back, and opens its share again.
  const processes = Math.max(processCountOf(budget), names.length);
  return {
    postgres: connections,
    processes,
    perProcess: Math.floor(connections / processes),
  };
}

/** P: what the spec says, or what Postgres really leaves when that is known and less. */
export function postgresRoomOf(
  budget: ConnectionBudget,
  postgres: Observation<PostgresSnapshot>,
): number {
  return postgres.state === "available" ? liveShareOf(budget, postgres.value) : shareOf(budget);
}

/** P as Postgres has it. */
export function liveShareOf(budget: ConnectionBudget, live: PostgresSnapshot): number {
  return Math.min(shareOf(budget), liveRoomOf(budget, live));
}

/** What Postgres really admits through PgBouncer, to all that share it. */
export function liveRoomOf(budget: ConnectionBudget, live: PostgresSnapshot): number {
  const { directConnections } = budget.spec.postgres;
  return availableConnections({ ...live, directConnections });
}
