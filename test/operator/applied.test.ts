import { afterAll, beforeAll, expect, test } from "vitest";
import { configOf, databasesOf as shownLines } from "../../src/pgbouncer/show.ts";
import { planFleet } from "../../src/budget/planFleet.ts";
import type { BudgetSnapshot } from "../../src/model/budgetSnapshot.ts";
import { openConsole } from "../../src/protocol/console.ts";
import { commonIni } from "../../src/pgbouncer/ini.ts";
import { linesOf } from "../../src/pgbouncer/lines.ts";
import { STATS_LOGIN } from "../../src/api/names.ts";
import { budgetOf, INCIDENT_NAMES, serverOf } from "../fleets/fleetOf.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { startTier, type StartedTier } from "../system/weirTier.ts";
import { budgetCondition, pgbouncerStateOf, snapshotOf, seen } from "./snapshotOf.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** ConfigApplied of a real tier: what PgBouncer says of itself when all is well, and when not. */

const ANSWER_MS_MAX = 10_000;
const PROCESSES = 2;

let postgres: Postgres;
let tier: StartedTier;

beforeAll(async () => {
  postgres = await startPostgres();
  tier = await startTier({ fleet: fleetOf(5), postgres, processes: PROCESSES });
});

afterAll(async () => {
  await tier.stop();
  await postgres.stop();
});

/** The servers of the incident, each process with at most `max`. */
function fleetOf(max: number) {
  const budget = budgetOf({ postgres: { host: "127.0.0.1", port: postgres.port } });
  return {
    budgets: [budget],
    servers: INCIDENT_NAMES.map((name) => serverOf(name, { pool: { max } })),
  };
}

/** What the tier's processes say now, against the plan of this fleet. */
async function snapshotWithPools(max: number): Promise<BudgetSnapshot> {
  const { budgets, servers } = fleetOf(max);
  const snapshot = snapshotOf({ ...(budgets[0] && { budget: budgets[0] }), servers });
  const poolers = await Promise.all(
    tier.bouncers.map(async (bouncer, ordinal) => ({
      name: `writing-pgbouncer-${ordinal}`,
      observation: seen(await stateOf(bouncer)),
    })),
  );
  return { ...snapshot, pgbouncers: seen(poolers) };
}

async function stateOf({ port, version }: PgBouncer) {
  const login = {
    host: "127.0.0.1",
    port,
    user: STATS_LOGIN,
    password: tier.passwordOf(STATS_LOGIN),
  };
  const console = await openConsole(login, systemRuntime, ANSWER_MS_MAX);
  try {
    const config = configOf(await console.show("CONFIG"));
    const lines = shownLines(await console.show("DATABASES"), config);
    return { ...pgbouncerStateOf(lines, Object.fromEntries(config)), version };
  } finally {
    await console.close();
  }
}

async function applied(max: number) {
  return budgetCondition(await snapshotWithPools(max), "ConfigApplied");
}

/** The ini of that plan in a process' folder. */
function iniFor({ place }: PgBouncer, max: number): string {
  const fleet = fleetOf(max);
  const [budget] = fleet.budgets;
  const [plan] = planFleet(fleet).budgets;
  if (budget === undefined || plan === undefined) throw new Error("no plan");
  return commonIni(budget, linesOf(budget, plan), {
    listenAddress: "127.0.0.1",
    listenPort: place.port,
    socketDir: place.socketDir,
    authFile: place.userlistPath,
    hbaFile: place.hbaPath,
    peers: tier.bouncers.map(({ port }, index) => ({ id: index + 1, host: "127.0.0.1", port })),
  });
}

async function give(bouncer: PgBouncer, ini: string): Promise<void> {
  await bouncer.write({ "common.ini": ini });
  // Since 1.25 it is told when a part can't be read; it is applied in part all the same.
  await bouncer.reload().catch(() => {});
}

test("a tier as weir renders it has applied its plan", async () => {
  expect(await applied(5)).toMatchObject({ status: "True", reason: "Applied" });
});

test("a line that was edited by hand is named", async () => {
  const [first] = tier.bouncers;
  const ini = iniFor(first, 5);
  await give(first, ini.replace(/^(scene = .*max_db_client_connections=)\d+/m, "$199"));
  const condition = await applied(5);
  expect(condition).toMatchObject({ status: "False", reason: "Differs" });
  expect(condition?.message).toContain(
    "writing-pgbouncer-0: line scene: max_db_client_connections 99, planned 10",
  );
  await give(first, ini);
  expect(await applied(5)).toMatchObject({ status: "True" });
});

test("a RELOAD that failed half way is named, with the line that it failed at", async () => {
  for (const bouncer of tier.bouncers) {
    await give(bouncer, iniFor(bouncer, 4).replace(/^reporting = /m, "reporting = nonsense "));
  }
  const condition = await applied(4);
  expect(condition).toMatchObject({ status: "False", reason: "PartlyApplied" });
  expect(condition?.message).toContain(
    "writing-pgbouncer-0 and writing-pgbouncer-1 follow the plan before line reporting and not from there on",
  );
  for (const bouncer of tier.bouncers) await give(bouncer, iniFor(bouncer, 4));
  expect(await applied(4)).toMatchObject({ status: "True" });
});

test("a RELOAD that reached one process of two is named", async () => {
  const [first] = tier.bouncers;
  await give(first, iniFor(first, 3));
  const condition = await applied(3);
  expect(condition).toMatchObject({ status: "False", reason: "PartlyApplied" });
  expect(condition?.message).toContain(
    "writing-pgbouncer-0 has applied all of it and writing-pgbouncer-1 has not",
  );
});
