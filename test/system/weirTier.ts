import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { roleOf, type ConnectionBudget } from "../../src/api/connectionBudget.ts";
import type { Fleet } from "../../src/api/fleet.ts";
import { STATS_LOGIN } from "../../src/api/names.ts";
import { guardSql } from "../../src/budget/guard.ts";
import { planFleet } from "../../src/budget/planFleet.ts";
import type { BudgetPlan } from "../../src/budget/plan.ts";
import { hba } from "../../src/pgbouncer/hba.ts";
import { commonIni, processIni } from "../../src/pgbouncer/ini.ts";
import { linesOf, type Line } from "../../src/pgbouncer/lines.ts";
import { nofileLimit } from "../../src/pgbouncer/nofile.ts";
import { userlist } from "../../src/credentials/userlist.ts";
import { pgbouncerPlace, startPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import type { Postgres } from "../parts/postgres.ts";
import type { Certificate } from "./certificate.ts";

/** What to start. */
export interface TierSpec {
  /** One budget and its servers; its Postgres is the one given here. */
  readonly fleet: Fleet;
  readonly postgres: Postgres;
  /** PgBouncer processes that run; 1 when absent: the worst skew that a Service can have. */
  readonly processes?: number;
  /** Whether Postgres is given the guard; true when absent. */
  readonly guarded?: boolean;
  /** Passwords by login, the role's included; random ones for those that are absent. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** Of PgBouncer, towards its clients. */
  readonly clientTls?: Certificate;
  /** The CA that signed Postgres' certificate. */
  readonly serverCa?: string;
}

/** A PgBouncer tier exactly as weir renders it, before a real Postgres. */
export interface StartedTier {
  readonly budget: ConnectionBudget;
  readonly plan: BudgetPlan;
  readonly lines: readonly Line[];
  /** The processes that run; there is at least one. */
  readonly bouncers: readonly [PgBouncer, ...PgBouncer[]];
  /** The password of a line's login, of the stats login, or of the role. */
  passwordOf(login: string): string;
  stop(): Promise<void>;
}

/**
 * Makes the budget's role and database in Postgres, and starts PgBouncer from the files that weir
 * writes. What differs from a cluster are paths and ports.
 *
 * @throws with PgBouncer's log when it refuses the files
 */
export async function startTier(spec: TierSpec): Promise<StartedTier> {
  const { fleet, processes = 1 } = spec;
  const [budget, ...others] = fleet.budgets;
  const [plan] = planFleet(fleet).budgets;
  if (budget === undefined || plan === undefined || others.length > 0) {
    throw new Error("a tier has exactly one budget");
  }
  const lines = linesOf(budget, plan);
  const role = roleOf(budget);
  const passwords = new Map(
    [...lines.map(({ name }) => name), STATS_LOGIN, role].map((name) => [
      name,
      spec.passwords?.[name] ?? randomBytes(16).toString("base64url"),
    ]),
  );
  const passwordOf = (login: string) => {
    const password = passwords.get(login);
    if (password === undefined) throw new Error(`no login ${login}`);
    return password;
  };
  await prepare(spec, budget, plan, passwordOf(role));

  const places = await Promise.all(Array.from({ length: processes }, pgbouncerPlace));
  const peers = places.map(({ port }, index) => ({ id: index + 1, host: "127.0.0.1", port }));
  const bouncers: PgBouncer[] = [];
  const stop = async () => {
    await Promise.all(bouncers.map((bouncer) => bouncer.stop()));
  };
  try {
    for (const [index, place] of places.entries()) {
      const file = (name: string) => join(place.dir, name);
      const common = commonIni(budget, lines, {
        listenAddress: "127.0.0.1",
        listenPort: place.port,
        socketDir: place.socketDir,
        authFile: place.userlistPath,
        hbaFile: place.hbaPath,
        clientTls: spec.clientTls && { certFile: file("tls.crt"), keyFile: file("tls.key") },
        serverTlsCaFile: spec.serverCa === undefined ? undefined : file("ca.crt"),
        peers,
      });
      bouncers.push(
        await startPgBouncer({
          place,
          main: "pgbouncer.ini",
          files: {
            "pgbouncer.ini": processIni(index + 1, file("common.ini")),
            "common.ini": common,
            "userlist.txt": userlist(
              [...passwords].map(([name, password]) => ({ name, password })),
            ),
            "hba.conf": hba(lines, spec.clientTls !== undefined),
            ...(spec.clientTls && {
              "tls.crt": spec.clientTls.cert,
              "tls.key": spec.clientTls.key,
            }),
            ...(spec.serverCa !== undefined && { "ca.crt": spec.serverCa }),
          },
          maxOpenFiles: nofileLimit(budget, plan.slots),
        }),
      );
    }
    const [first, ...rest] = bouncers;
    if (first === undefined) throw new Error("a tier has at least one process");
    return { budget, plan, lines, bouncers: [first, ...rest], passwordOf, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a database administrator does once: the role with its guard, its password, its database. */
async function prepare(
  { postgres, guarded = true }: TierSpec,
  budget: ConnectionBudget,
  plan: BudgetPlan,
  password: string,
): Promise<void> {
  const role = identifier(roleOf(budget));
  await postgres.query(
    guarded ? guardSql(budget, plan.slots.postgres) : `CREATE ROLE ${role} LOGIN`,
  );
  await postgres.query(`ALTER ROLE ${role} PASSWORD '${password.replaceAll("'", "''")}'`);
  await postgres.query(
    `CREATE DATABASE ${identifier(budget.spec.postgres.database)} OWNER ${role}`,
  );
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
