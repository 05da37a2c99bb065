import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

import { afterAll, beforeAll, expect, it } from "vitest";

import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { startupPacket } from "./logIn.ts";
import { startTier, type StartedTier } from "./weirTier.ts";

/** As many as the budget allows: more than PgBouncer's default queue of 128 holds. */
const CLIENTS = 200;

let postgres: Postgres;
let tier: StartedTier;
const sockets: Socket[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  const { host, port } = postgres;
  tier = await startTier({
    postgres,
    fleet: {
      budgets: [
        budgetOf({ postgres: { host, port }, pgbouncer: { replicas: 1, maxClientConn: CLIENTS } }),
      ],
      servers: [serverOf("author")],
    },
  });
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await tier.stop();
  await postgres.stop();
});

it("a PgBouncer that is busy has room for all of its clients to arrive at once", async () => {
  const [bouncer] = tier.bouncers;
  bouncer.kill("SIGSTOP");
  try {
    for (let count = 0; count < CLIENTS; count++) {
      const socket = connect(bouncer.port, "127.0.0.1");
      socket.on("error", () => {}).write(startupPacket("author"));
      sockets.push(socket);
    }
    await expect.poll(() => waitingAt(bouncer.port), { timeout: 10_000 }).toBe(CLIENTS);
  } finally {
    bouncer.kill("SIGCONT");
  }
});

/** How many connections wait in the queue of a listening socket: proc(5), rx_queue of state 0A. */
function waitingAt(port: number): number {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const listening = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, , state]) => local === address && state === "0A");
  return Number.parseInt(listening?.[4]?.split(":")[1] ?? "", 16);
}
