import { expect, test } from "vitest";
import type { PoolerSample } from "./poolerSample.ts";
import { poolerWindow } from "./poolerWindow.ts";

function sample(usedClients: number, clients: number, servers: number): PoolerSample {
  const line = {
    name: "author",
    host: "pg",
    port: 5432,
    database: "app",
    poolSize: 5,
    reservePoolSize: 0,
    poolMode: "transaction",
    maxConnections: 0,
    paused: false,
    disabled: false,
  };
  return {
    config: new Map(),
    lines: [{ ...line, openClients: clients, openServers: servers }],
    clients: [
      { line: "author", user: "author", address: "10.0.0.1", count: clients, idle: 0 },
      { line: "other", user: "author", address: "10.0.0.1", count: 1, idle: 0 },
    ],
    usedClients,
  };
}

test("a maximum counts for 10 s, each of the counts by itself", () => {
  const window = poolerWindow();
  expect(window.add(sample(9, 3, 1), 0)).toEqual({
    lengthMs: 0,
    usedClientsMax: 9,
    lines: new Map([["author", { clientsMax: 3, serversMax: 1 }]]),
    addresses: new Map([["10.0.0.1", 4]]),
  });
  expect(window.add(sample(5, 2, 4), 9999)).toEqual({
    lengthMs: 9999,
    usedClientsMax: 9,
    lines: new Map([["author", { clientsMax: 3, serversMax: 4 }]]),
    addresses: new Map([["10.0.0.1", 4]]),
  });
  expect(window.add(sample(5, 2, 1), 10_000)).toMatchObject({
    lengthMs: 10_000,
    usedClientsMax: 5,
    lines: new Map([["author", { clientsMax: 2, serversMax: 4 }]]),
  });
  expect(window.add(sample(1, 1, 1), 60_000).lengthMs).toBe(10_000);
});

test("after a gap it is as long as it was seen since, and what was seen before still counts", () => {
  const window = poolerWindow();
  window.add(sample(9, 3, 1), 0);
  window.interrupt();
  expect(window.add(sample(5, 2, 1), 5000)).toMatchObject({ lengthMs: 0, usedClientsMax: 9 });
  expect(window.add(sample(5, 2, 1), 6000)).toMatchObject({ lengthMs: 1000 });
});
