import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { expect, vi } from "vitest";
import type { Fleet } from "../../src/api/fleet.ts";
import { MAINTENANCE_LINE } from "../../src/api/names.ts";
import { freePort } from "../parts/ports.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { startProcess, type RunningProcess } from "../../tools/processes/processes.ts";
import { exampleFleet, withPools } from "../system/exampleFleet.ts";
import { serverEnvironment } from "../system/serverEnvironment.ts";
import { startTier, type StartedTier } from "../system/weirTier.ts";

const WITHIN = { timeout: 120_000, interval: 50 };

/** On a computer that is busy a login may take longer than the two seconds that a call waits for it. */
const PATIENT = { connectionTimeoutMs: 30_000 };

/** The example's database behind weir's PgBouncer, migrated. */
export interface Studio {
  readonly postgres: Postgres;
  readonly tier: StartedTier;
  readonly fleet: Fleet;
  readonly stop: () => Promise<void>;
}

/** One process of the example's program. */
export interface WritingServer {
  readonly origin: string;
  /** Where it speaks MCP. */
  readonly url: URL;
  readonly process: RunningProcess;
}

/** What to start. */
interface WritingServerSpec {
  /** Whose line, login and limits it has. */
  readonly name?: string;
  /** Which servers it is; that of its line alone when absent. */
  readonly active?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** @param max of every pool; the example's when absent */
export async function startStudio(max?: number): Promise<Studio> {
  const postgres = await startPostgres();
  const pool = max === undefined ? PATIENT : { ...PATIENT, guaranteed: 1, max };
  const fleet = withPools(exampleFleet(postgres), pool);
  const tier = await startTier({ fleet, postgres });
  const stop = async () => {
    await tier.stop();
    await postgres.stop();
  };
  const migration = await migrate(tier);
  if (migration.code === 0) return { postgres, tier, fleet, stop };
  await stop();
  throw new Error(migration.log);
}

/**
 * Runs the Job's program once, through the maintenance line.
 *
 * @param port of a PgBouncer, or of what stands before it
 */
export async function migrate(
  tier: StartedTier,
  port = tier.bouncers[0].port,
): Promise<{ code: number | null; log: string }> {
  const { closed, log } = await startProgram("migrate.ts", {
    PGHOST: "127.0.0.1",
    PGPORT: String(port),
    PGDATABASE: MAINTENANCE_LINE,
    PGUSER: MAINTENANCE_LINE,
    PGPASSWORD: tier.passwordOf(MAINTENANCE_LINE),
  });
  const { code } = await closed;
  return { code, log: log() };
}

/** Starts a server as its pod would, and waits until it listens: not until it is ready. */
async function startServer(
  { tier, fleet }: Studio,
  { name = "database-admin", active, env }: WritingServerSpec = {},
): Promise<WritingServer> {
  const server = fleet.servers.find(({ metadata }) => metadata.name === name);
  const plan = tier.plan.servers.find((each) => each.name === name);
  if (server === undefined || plan === undefined) throw new Error(`no server ${name}`);
  const port = await freePort();
  const process = await startProgram("main.ts", {
    ...serverEnvironment(tier, server, plan),
    PORT: String(port),
    ...(active !== undefined && { ACTIVE_MCP_SERVERS: active.join(",") }),
    ...env,
  });
  await process.untilLogged(/"listening"/);
  const origin = `http://127.0.0.1:${port}`;
  return { origin, url: new URL("/mcp", origin), process };
}

/** The same, and waits until it says that it is ready. */
export async function startReady(studio: Studio, spec?: WritingServerSpec): Promise<WritingServer> {
  const server = await startServer(studio, spec);
  await vi.waitFor(async () => expect(await readiness(server)).toBe(200), WITHIN);
  return server;
}

/** Runs a program of the example with its own Node, and nothing but the given variables of ours. */
export function startProgram(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningProcess> {
  const path = fileURLToPath(new URL(`../../examples/writing-servers/${file}`, import.meta.url));
  return startProcess({ command: process.execPath, args: [path], env });
}

/** The status of the readiness probe. */
export async function readiness({ origin }: WritingServer): Promise<number> {
  return (await fetch(`${origin}/readyz`)).status;
}

/** Postgres' superuser in the servers' database, past PgBouncer; not connected yet. */
export function superuserOf({ postgres, tier }: Studio): Client {
  return new Client({
    host: postgres.socketDir,
    port: postgres.port,
    user: postgres.user,
    database: tier.budget.spec.postgres.database,
  });
}
