import { roleOf } from "../../src/api/connectionBudget.ts";
import { CONSOLE_DATABASE, MAINTENANCE_LINE, STATS_LOGIN } from "../../src/api/names.ts";
import type { Console, Showable } from "../../src/protocol/console.ts";
import { consoleName } from "../../src/pgbouncer/processIdentity.ts";
import { CLIENT_LOGIN_TIMEOUT_SECONDS } from "../../src/pgbouncer/ini.ts";
import { linesOf } from "../../src/pgbouncer/lines.ts";
import type { ShowRow } from "../../src/pgbouncer/show.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { PlannedBudget } from "../../src/budget/planFleet.ts";
import type { ServerPool, Traffic } from "./traffic.ts";

/** One process of a tier, as it would answer in its console; it is none. */
export interface PgBouncerStandIn {
  readonly openConsole: () => Console;
  /** A line's limit of clients that nobody planned; undefined: the planned one. */
  readonly limit: (line: string, clients: number | undefined) => void;
  /** Backend connections that it has open. */
  readonly servers: () => number;
  /** How often it was asked for all that is open. */
  readonly polls: () => number;
}

/** A line, and the pools that connect to it. */
interface StandInLine {
  readonly name: string;
  /** Who logs in to it. */
  readonly login: string;
  /** As whom it logs in to Postgres, whoever that is; empty: as its clients. */
  readonly forced: string;
  /** 0: unlimited. */
  readonly clients: number;
  readonly slots: number;
  readonly pools: readonly ServerPool[];
}

/** @param ordinal which of the tier's processes it is */
export function pgbouncerStandIn(
  tier: PlannedBudget,
  pools: readonly ServerPool[],
  traffic: Traffic,
  ordinal: number,
  { uuid }: Runtime,
): PgBouncerStandIn {
  const { postgres, pgbouncer } = tier.budget.spec;
  const lines = linesFor(tier, pools);
  const limits = new Map<string, number>();
  const consoles = new Set<string>();
  let polls = 0;

  const clientsOn = (line: StandInLine) =>
    line.name === MAINTENANCE_LINE
      ? traffic.maintaining(ordinal)
      : line.pools.reduce((sum, pool) => sum + traffic.open(pool, ordinal), 0);
  const databases = (): ShowRow[] =>
    lines.map((line) => ({
      name: line.name,
      host: postgres.host,
      port: postgres.port,
      database: postgres.database,
      force_user: line.forced,
      pool_size: line.slots,
      reserve_pool_size: 0,
      pool_mode: pgbouncer.poolMode,
      max_connections: 0,
      max_client_connections: limits.get(line.name) ?? line.clients,
      current_client_connections: clientsOn(line),
      paused: 0,
      disabled: 0,
    }));
  const clients = (): ShowRow[] => [
    ...[...consoles].map((name) => ({
      database: CONSOLE_DATABASE,
      user: STATS_LOGIN,
      addr: "10.0.0.1",
      state: "active",
      application_name: name,
    })),
    ...lines.flatMap((line) =>
      line.name === MAINTENANCE_LINE
        ? rowsOf(line, "10.0.0.2", traffic.maintaining(ordinal))
        : line.pools.flatMap((pool) => rowsOf(line, pool.address, traffic.open(pool, ordinal))),
    ),
  ];
  const lists = (): ShowRow[] => {
    const open = lines.reduce((sum, line) => sum + clientsOn(line), 0);
    const loggingIn = traffic.loggingIn(ordinal);
    return [
      { list: "used_clients", items: consoles.size + open + loggingIn },
      { list: "login_clients", items: loggingIn },
    ];
  };
  const openPools = (): ShowRow[] =>
    lines.map((line) => {
      const open = clientsOn(line);
      const active = Math.min(open, line.slots);
      const none = { maxwait: 0, sv_idle: 0, sv_used: 0, sv_tested: 0, sv_login: 0 };
      return {
        database: line.name,
        user: roleOf(tier.budget),
        cl_active: active,
        cl_waiting: open - active,
        sv_active: active,
        ...none,
      };
    });
  const config: readonly ShowRow[] = [
    { key: "max_client_conn", value: `${pgbouncer.maxClientConn}` },
    { key: "pool_mode", value: pgbouncer.poolMode },
    { key: "client_login_timeout", value: `${CLIENT_LOGIN_TIMEOUT_SECONDS}` },
  ];
  const show = (what: Showable): readonly ShowRow[] => {
    if (what === "VERSION") return [{ version: "PgBouncer 1.26.1" }];
    if (what === "DATABASES") return databases();
    if (what === "CLIENTS") return clients();
    if (what === "LISTS") return lists();
    if (what === "POOLS") return openPools();
    if (what === "CONFIG") return config;
    throw new Error(`a stand-in does not know SHOW ${what}`);
  };
  return {
    openConsole: () => {
      const applicationName = consoleName(uuid().slice(-12));
      consoles.add(applicationName);
      return {
        applicationName,
        show: async (what) => {
          if (what === "CLIENTS") polls += 1;
          return show(what);
        },
        close: async () => void consoles.delete(applicationName),
      };
    },
    limit: (line, count) => {
      if (count === undefined) limits.delete(line);
      else limits.set(line, count);
    },
    servers: () => lines.reduce((sum, line) => sum + Math.min(clientsOn(line), line.slots), 0),
    polls: () => polls,
  };
}

/** As planned, a line each; or, of a PgBouncer that weir did not make, one for all. */
function linesFor(
  { budget, plan }: PlannedBudget,
  pools: readonly ServerPool[],
): readonly StandInLine[] {
  const role = roleOf(budget);
  if (budget.spec.pgbouncer.existing !== undefined) {
    return [{ name: role, login: role, forced: "", clients: 0, slots: 20, pools }];
  }
  return linesOf(budget, plan).map(({ name, clients, slots }) => ({
    name,
    login: name,
    forced: role,
    clients,
    slots,
    pools: pools.filter(({ server }) => server === name),
  }));
}

function rowsOf({ name, login }: StandInLine, address: string, count: number): ShowRow[] {
  return Array.from({ length: count }, (_, index) => ({
    database: name,
    user: login,
    addr: address,
    // Those that are idle hold no backend connection: nobody has to wait for one.
    state: index % 2 === 0 ? "active" : "idle",
    application_name: "",
  }));
}
