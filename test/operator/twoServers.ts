import type { BudgetSnapshot, ServerSnapshot } from "../../src/model/budgetSnapshot.ts";
import type { ClientCount } from "../../src/model/pgbouncer.ts";
import { serverOf } from "../fleets/fleetOf.ts";
import { snapshotOf, withServer, withPgBouncerState } from "./snapshotOf.ts";

const SERVERS = [serverOf("author"), serverOf("scene")];

/** Two servers of weir's own tier: limit 5, grant 10, peak 2 pods each. `scene` is at 10.0.0.2. */
export function twoServers(change: (server: ServerSnapshot) => ServerSnapshot = (same) => same) {
  return withServer(snapshotOf({ servers: SERVERS }), "scene", change);
}

function summed(clients: readonly ClientCount[]): number {
  return clients.reduce((sum, { count }) => sum + count, 0);
}

function summedHeld(clients: readonly ClientCount[]): number {
  return clients.reduce((sum, { count, waiting }) => sum + count - waiting, 0);
}

/** What all processes, or the one of this ordinal, have open, and had lately. */
export function withClients(
  snapshot: BudgetSnapshot,
  clients: readonly ClientCount[],
  only?: number,
): BudgetSnapshot {
  return withPgBouncerState(
    snapshot,
    (state) => {
      const counts = (key: "line" | "address") =>
        Map.groupBy(clients, (client) => client[key]).entries();
      const byAddress = (sum: (own: readonly ClientCount[]) => number) =>
        new Map([...counts("address")].map(([key, own]) => [key, sum(own)] as const));
      const held = byAddress(summedHeld);
      return {
        ...state,
        clients,
        lines: state.lines.map((line) => ({
          ...line,
          openClients: summed(clients.filter((client) => client.line === line.name)),
        })),
        window: {
          ...state.window,
          addresses: byAddress(summed),
          addressesHeld: held,
          addressesHeldMin: held,
          lines: new Map(
            [...counts("line")].map(([key, own]) => [
              key,
              { clientsMax: summed(own), serversMax: 0 },
            ]),
          ),
        },
      };
    },
    only,
  );
}

export function clientsOf(address: string, count: number, line = "scene"): ClientCount {
  return { line, user: line, address, count, idle: 0, waiting: 0 };
}
