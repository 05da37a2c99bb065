import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { lineStates } from "./lineState.ts";
import { logIn } from "./logIn.ts";
import { REFUSAL } from "./refusals.ts";
import { startTier, type Tier } from "./weirTier.ts";

const VICTIM = "author";

/**
 * What the sums can't promise, since PgBouncer counts a login against the line that it names before
 * it asks for a password. It ends with client_login_timeout.
 */
describe("logins that name a line and then say nothing more", () => {
  let postgres: Postgres;
  let tier: Tier;
  let sockets: readonly Socket[];

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
    const grant = grantOf(VICTIM);
    sockets = await Promise.all(Array.from({ length: grant }, () => beginLogin(VICTIM)));
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await tier.stop();
    await postgres.stop();
  });

  it("take that line's places without a password", async () => {
    expect((await lineStates(tier.bouncers[0]))[VICTIM]?.clients).toBe(grantOf(VICTIM));
    await expect(logIn(tier, { user: VICTIM })).rejects.toThrow(REFUSAL.line);
  });

  it("take nobody else's", async () => {
    const client = await logIn(tier, { user: "scene" });
    expect((await client.query("SELECT 1 AS alive")).rows).toEqual([{ alive: 1 }]);
    await client.end();
  });

  it("are over long before PgBouncer's default of a minute", async () => {
    await expect.poll(async () => (await lineStates(tier.bouncers[0]))[VICTIM]?.clients).toBe(0);
    const client = await logIn(tier, { user: VICTIM });
    await client.end();
  }, 30_000);

  function grantOf(line: string): number {
    const plan = tier.plan.servers.find(({ name }) => name === line);
    if (plan === undefined) throw new Error(`no line ${line}`);
    return plan.grant;
  }

  /** Sends the startup packet, and waits for the question about the password. */
  async function beginLogin(name: string): Promise<Socket> {
    const parameters = Buffer.from(`user\0${name}\0database\0${name}\0\0`);
    const head = Buffer.alloc(8);
    head.writeInt32BE(head.length + parameters.length, 0);
    head.writeInt32BE(3 << 16, 4);
    const socket = connect(tier.bouncers[0].port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(Buffer.concat([head, parameters]));
    await once(socket, "data");
    return socket;
  }
});
