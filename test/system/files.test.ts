import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import type { Fleet } from "../../src/api/fleet.ts";
import { MAINTENANCE_LINE } from "../../src/api/names.ts";
import type { BudgetPlan } from "../../src/budget/plan.ts";
import { nofileLimit } from "../../src/pgbouncer/nofile.ts";
import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { consoleQuery, type PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { exampleFleet } from "./exampleFleet.ts";
import { lineStates } from "./lineState.ts";
import { complaints } from "./refusals.ts";
import { startTier, type StartedTier } from "./weirTier.ts";

/** As many as a budget may have. */
const SERVERS_MOST = 500;

let postgres: Postgres;
let tier: StartedTier | undefined;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterEach(async () => {
  await tier?.stop();
  tier = undefined;
  await postgres.query("DROP DATABASE writing WITH (FORCE)");
  await postgres.query("DROP ROLE writing");
});

afterAll(async () => {
  await postgres.stop();
});

it("each process reads the lines, the settings and its peers as they were planned", async () => {
  const { plan, bouncers } = await start(exampleFleet(postgres), 2);

  expect(bouncers).toHaveLength(2);
  for (const [index, bouncer] of bouncers.entries()) {
    expect(await limitsOf(bouncer)).toEqual(limitsIn(plan));
    const config = await configOf(bouncer);
    expect(config).toMatchObject(await settingsIn(bouncer, "common.ini"));
    expect(config["peer_id"]).toBe(String(index + 1));
    expect(await consoleQuery(bouncer.place, "SHOW PEERS")).toEqual(
      bouncers.map(({ port }, peer) => ({
        peer_id: peer + 1,
        host: "127.0.0.1",
        port,
        pool_size: 1,
      })),
    );
  }
});

it("no process complains, when it starts or when it reads the same again", async () => {
  const { bouncers } = await start(exampleFleet(postgres), 2);

  for (const bouncer of bouncers) {
    await bouncer.reload();
    expect(await complaints(bouncer)).toEqual([]);
  }
});

it("the limit of open files is more than PgBouncer expects to need", async () => {
  const { budget, plan, bouncers } = await start(exampleFleet(postgres), 1);

  const [, limit, needed] =
    /file descriptor limit: (\d+) .* max expected fd use: (\d+)/.exec(bouncers[0].log()) ?? [];
  expect(Number(limit)).toBe(nofileLimit(budget, plan.slots));
  expect(Number(limit)).toBeGreaterThan(Number(needed));
});

it("a budget with as many servers as it may have is read as well", async () => {
  const { host, port } = postgres;
  const budget = budgetOf({
    postgres: { host, port, maxConnections: 2_000 },
    pgbouncer: { replicas: 1, maxClientConn: 5_000 },
  });
  const servers = Array.from({ length: SERVERS_MOST }, (_, index) => serverOf(`server-${index}`));
  const { plan, bouncers } = await start({ budgets: [budget], servers }, 1);

  expect(plan.servers).toHaveLength(SERVERS_MOST);
  expect(await limitsOf(bouncers[0])).toEqual(limitsIn(plan));
  expect(await complaints(bouncers[0])).toEqual([]);
});

async function start(fleet: Fleet, processes: number): Promise<StartedTier> {
  tier = await startTier({ fleet, postgres, processes });
  return tier;
}

interface Limits {
  readonly clients: number;
  readonly slots: number;
}

/** What PgBouncer enforces, by line. */
async function limitsOf(bouncer: PgBouncer): Promise<Record<string, Limits>> {
  const limits = Object.entries(await lineStates(bouncer)).map(
    ([name, { clientsMax, slots }]) => [name, { clients: clientsMax, slots }] as const,
  );
  return Object.fromEntries(limits);
}

/** What the plan says, by line. */
function limitsIn({ servers, clients, slots }: BudgetPlan): Record<string, Limits> {
  const limits = servers.map(
    ({ name, grant, slots: own }) => [name, { clients: grant, slots: own }] as const,
  );
  const maintenance = { clients: clients.reserve.maintenance, slots: slots.maintenance };
  return { ...Object.fromEntries(limits), [MAINTENANCE_LINE]: maintenance };
}

/** SHOW CONFIG: what it goes by. */
async function configOf({ place }: PgBouncer): Promise<Record<string, string>> {
  const rows = await consoleQuery(place, "SHOW CONFIG");
  return Object.fromEntries(rows.map(({ key, value }) => [String(key), String(value)]));
}

/** The keys of [pgbouncer] in one of its files. */
async function settingsIn({ place }: PgBouncer, name: string): Promise<Record<string, string>> {
  const text = await readFile(join(place.dir, name), "utf8");
  const section = /\[pgbouncer\]\n([^[]*)/.exec(text)?.[1] ?? "";
  const settings = [...section.matchAll(/^(\w+) = (.*)$/gm)];
  expect(settings.length).toBeGreaterThan(20);
  return Object.fromEntries(settings.map(([, key, value]) => [key ?? "", value ?? ""]));
}
