import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { lineStates } from "./lineState.ts";
import { logIn, startupPacket } from "./logIn.ts";
import { REFUSAL } from "./refusals.ts";
import { startTier, type StartedTier } from "./weirTier.ts";

const VICTIM = "author";

/**
 * What the sums can't promise, since PgBouncer counts a login against the line that it names before
 * it asks for a password. It ends with client_login_timeout.
 */
describe("logins that name a line and then say nothing more", () => {
  let postgres: Postgres;
  let tier: StartedTier;
  const calm = new AbortController();

  beforeAll(async () => {
    postgres = await startPostgres();
    const { host, port } = postgres;
    tier = await startTier({
      postgres,
      fleet: {
        budgets: [budgetOf({ postgres: { host, port }, pgbouncer: { replicas: 1 } })],
        servers: [serverOf(VICTIM), serverOf("scene")],
      },
    });
    for (let place = 0; place < grantOf(VICTIM); place++) void takePlace(VICTIM);
  });

  afterAll(async () => {
    calm.abort();
    await tier.stop();
    await postgres.stop();
  });

  it("take that line's places without a password", async () => {
    await expect.poll(clientsOfVictim).toBe(grantOf(VICTIM));
    // Between a half login's end and the next one there may be room.
    await expect.poll(answerToVictim).toBe(REFUSAL.line);
  });

  it("take nobody else's", async () => {
    const client = await logIn(tier, { user: "scene" });
    expect((await client.query("SELECT 1 AS alive")).rows).toEqual([{ alive: 1 }]);
    await client.end();
  });

  it("are over long before PgBouncer's default of a minute", async () => {
    calm.abort();
    await expect.poll(clientsOfVictim, { timeout: 30_000 }).toBe(0);
    expect(await answerToVictim()).toBe("in");
  });

  async function clientsOfVictim(): Promise<number | undefined> {
    return (await lineStates(tier.bouncers[0]))[VICTIM]?.clients;
  }

  async function answerToVictim(): Promise<string> {
    try {
      const client = await logIn(tier, { user: VICTIM });
      await client.end();
      return "in";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  function grantOf(line: string): number {
    const plan = tier.plan.servers.find(({ name }) => name === line);
    if (plan === undefined) throw new Error(`no line ${line}`);
    return plan.grant;
  }

  /** Begins one login after another, each when PgBouncer has ended the one before. */
  async function takePlace(line: string): Promise<void> {
    while (!calm.signal.aborted) await halfLogin(line);
  }

  /** Sends the startup packet, and says nothing more until it is cut off. */
  async function halfLogin(name: string): Promise<void> {
    const socket = connect(tier.bouncers[0].port, "127.0.0.1");
    socket.on("error", () => {}).resume();
    socket.write(startupPacket(name));
    await new Promise((resolve) => {
      socket.once("close", resolve);
    });
  }
});
