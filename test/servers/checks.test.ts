import { afterEach, expect, it, vi } from "vitest";
import { CHECK_TIMEOUT_MS } from "../../examples/writing-servers/checking.ts";
import { openDatabase, type Database } from "../../examples/writing-servers/database.ts";
import type { Outcome } from "../../examples/writing-servers/outcome.ts";
import { serverEnvironment } from "../system/serverEnvironment.ts";
import { startStudio, type Studio } from "./studio.ts";

const NAME = "author";

let studio: Studio;
let database: Database;

afterEach(async () => {
  await database?.end();
  vi.unstubAllEnvs();
  await studio?.stop();
});

/** What a server has, in this process, and told of the database so far. */
async function opened(): Promise<readonly Outcome[]> {
  studio = await startStudio(1);
  const { tier, fleet } = studio;
  const server = fleet.servers.find(({ metadata }) => metadata.name === NAME);
  const plan = tier.plan.servers.find(({ name }) => name === NAME);
  if (server === undefined || plan === undefined) throw new Error(`no server ${NAME}`);
  for (const [name, value] of Object.entries(serverEnvironment(tier, server, plan))) {
    vi.stubEnv(name, value);
  }
  const outcomes: Outcome[] = [];
  database = openDatabase((outcome) => outcomes.push(outcome));
  return outcomes;
}

it("a check lets those go before it that wait for the one connection when it gets it", async () => {
  const outcomes = await opened();
  const check = database.check(CHECK_TIMEOUT_MS);
  const rows = database.query("SELECT 1 AS one");
  await check;
  expect(outcomes).toEqual([]);
  expect(await rows).toEqual([{ one: 1 }]);
  expect(outcomes).toEqual([{ kind: "answered" }]);

  // Without any, it asks.
  await database.check(CHECK_TIMEOUT_MS * 60);
  expect(outcomes).toEqual([{ kind: "answered" }, { kind: "answered" }]);
});
