import { expect, test } from "vitest";
import { sampleWindow, type StateSample } from "./pgbouncerState.ts";

function sample(usedClients: number, clients: number, servers: number, waiting = 0): StateSample {
  const line = {
    name: "author",
    host: "pg",
    port: 5432,
    database: "app",
    poolSize: 5,
    roles: ["author"],
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
      { line: "author", user: "author", address: "10.0.0.1", count: clients, idle: 0, waiting },
      { line: "other", user: "author", address: "10.0.0.1", count: 1, idle: 0, waiting: 0 },
      // Beside its pool: none of its clients.
      {
        line: "maintenance",
        user: "maintenance",
        address: "10.0.0.1",
        count: 1,
        idle: 0,
        waiting: 0,
      },
      { line: "pgbouncer", user: "weir_stats", address: "10.0.0.9", count: 1, idle: 0, waiting: 0 },
    ],
    usedClients,
    loggingIn: usedClients === 9 ? 2 : 0,
  };
}

test("a maximum counts for 10 s, each of the counts by itself", () => {
  const window = sampleWindow();
  expect(window.add(sample(9, 3, 1), 0)).toEqual({
    lengthMs: 0,
    usedClientsMax: 9,
    logins: [{ usedClients: 9, loggingIn: 2 }],
    lines: new Map([["author", { clientsMax: 3, serversMax: 1 }]]),
    addresses: new Map([["10.0.0.1", 4]]),
    addressesHeld: new Map(),
    addressesHeldMin: new Map(),
  });
  expect(window.add(sample(5, 2, 4), 9999)).toEqual({
    lengthMs: 9999,
    usedClientsMax: 9,
    logins: [{ usedClients: 9, loggingIn: 2 }],
    lines: new Map([["author", { clientsMax: 3, serversMax: 4 }]]),
    addresses: new Map([["10.0.0.1", 4]]),
    addressesHeld: new Map([["10.0.0.1", 3]]),
    addressesHeldMin: new Map(),
  });
  expect(window.add(sample(5, 2, 1), 10_000)).toMatchObject({
    lengthMs: 10_000,
    usedClientsMax: 5,
    logins: [],
    lines: new Map([["author", { clientsMax: 2, serversMax: 4 }]]),
  });
  expect(window.add(sample(1, 1, 1), 60_000).lengthMs).toBe(10_000);
});

test("after a gap it is as long as it was observed since, and what was observed before still counts", () => {
  const window = sampleWindow();
  window.add(sample(9, 3, 1), 0);
  window.interrupt();
  expect(window.add(sample(5, 2, 1), 5000)).toMatchObject({ lengthMs: 0, usedClientsMax: 9 });
  expect(window.add(sample(5, 2, 1), 6000)).toMatchObject({ lengthMs: 1000 });
});

test("what an address kept is the least of three samples in a row", () => {
  const window = sampleWindow();
  const kept = (clients: number, atMs: number) =>
    window.add(sample(9, clients, 1), atMs).addressesHeldMin.get("10.0.0.1");
  expect([kept(5, 0), kept(3, 1000), kept(4, 2000)]).toEqual([undefined, undefined, 4]);
  expect([kept(4, 3000), kept(4, 4000)]).toEqual([4, 5]);
  window.interrupt();
  expect([kept(5, 7000), kept(5, 8000), kept(5, 9000)]).toEqual([undefined, undefined, 6]);
});

test("what an address held is the most that it had in two samples in a row, for 10 s", () => {
  const window = sampleWindow();
  const held = (clients: number, atMs: number) =>
    window.add(sample(9, clients, 1), atMs).addressesHeld.get("10.0.0.1");
  // A pool that replaces its connections has one more for a moment.
  expect([held(5, 0), held(6, 1000), held(5, 2000)]).toEqual([undefined, 6, 6]);
  expect([held(6, 3000), held(6, 4000), held(5, 5000)]).toEqual([6, 7, 7]);
  expect([held(5, 13_999), held(5, 14_000)]).toEqual([7, 6]);
  window.interrupt();
  expect([held(7, 15_000), held(5, 16_000), held(7, 17_000)]).toEqual([6, 6, 6]);
  expect(held(7, 18_000)).toBe(8);
});

test("two samples with an outage in between are not two in a row", () => {
  const window = sampleWindow();
  const held = (clients: number, atMs: number) =>
    window.add(sample(9, clients, 1), atMs).addressesHeld.get("10.0.0.1");
  held(9, 0);
  window.interrupt();
  expect([held(9, 2000), held(1, 3000)]).toEqual([undefined, 2]);
});

test("those that wait are among an address' clients, and not among what it held", () => {
  const window = sampleWindow();
  const waits = (clients: number, waiting: number, atMs: number) =>
    window.add(sample(9, clients, 1, waiting), atMs);
  waits(6, 6, 0);
  waits(8, 5, 1000);
  expect(waits(8, 5, 2000)).toMatchObject({
    lines: new Map([["author", { clientsMax: 8, serversMax: 1 }]]),
    addresses: new Map([["10.0.0.1", 9]]),
    addressesHeld: new Map([["10.0.0.1", 4]]),
    addressesHeldMin: new Map([["10.0.0.1", 1]]),
  });
});
