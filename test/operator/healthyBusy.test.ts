import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { CONDITIONS_TIMEOUT_MS, alarmsAmong, allReady } from "../testbed/conditions.ts";
import { type Testbed, TESTBED_START_TIMEOUT_MS, startTestbed } from "../testbed/testbed.ts";
import { ownFleet, SERVERS } from "../testbed/writingFleet.ts";

/** A system that is well, as busy as its limits allow, and rolled out meanwhile: no false alarm. */
let testbed: Testbed;

vi.setConfig({ testTimeout: CONDITIONS_TIMEOUT_MS });

beforeAll(async () => {
  testbed = await startTestbed();
  await testbed.fleet(ownFleet(testbed));
  await testbed.operator();
  await allReady(testbed, SERVERS);
}, TESTBED_START_TIMEOUT_MS);

afterAll(() => testbed?.stop());

const PER_CONNECTION = 80;
const TRANSACTIONS = 5 * PER_CONNECTION;

test("all pools full, all connections busy, on both PgBouncers: nothing is said", async () => {
  const before = testbed.conditions.flips().length;
  await Promise.all(
    SERVERS.map((name) => testbed.servers.behave(name, { open: "max", busy: "all" })),
  );
  await everyoneDoes(TRANSACTIONS);
  expect(alarmsAmong(testbed.conditions.flips().slice(before))).toEqual([]);
});

test("a rolling restart of every server under load: nothing is said", async () => {
  const before = testbed.conditions.flips().length;
  await testbed.kubectl("rollout", "restart", "deployment");
  await testbed.ready();
  // Those that were told to go are not counted any more, and may run for a moment.
  await expect.poll(() => testbed.servers.pods().length).toBe(SERVERS.length);
  await everyoneDoes(TRANSACTIONS);
  for (const { key } of testbed.servers.pods()) {
    const { open, refusals, losses } = await testbed.servers.report(key);
    expect({ open, refusals, losses }).toEqual({ open: 5, refusals: {}, losses: {} });
  }
  expect(alarmsAmong(testbed.conditions.flips().slice(before))).toEqual([]);
});

test("busy and idle by turns, connections that come and go: nothing is said or written", async () => {
  const before = testbed.conditions.flips().length;
  const mark = await testbed.requests.mark();
  for (const open of [1, 5, 0, 3, 5, 2] as const) {
    await Promise.all(SERVERS.map((name) => testbed.servers.behave(name, { open, busy: "all" })));
  }
  await everyoneDoes(TRANSACTIONS);
  expect(alarmsAmong(testbed.conditions.flips().slice(before))).toEqual([]);
  const asked = await testbed.requests.since(mark);
  expect(asked.filter(({ resource }) => resource.endsWith("/status"))).toEqual([]);
});

/** Waits until every pod that runs has done so many more transactions: a few seconds' work. */
async function everyoneDoes(transactions: number): Promise<void> {
  const pods = testbed.servers.pods();
  const doneBy = async (key: string) => (await testbed.servers.report(key)).done;
  const before = await Promise.all(pods.map(({ key }) => doneBy(key)));
  for (const [index, { key }] of pods.entries()) {
    const enough = (before[index] ?? 0) + transactions;
    await expect.poll(() => doneBy(key)).toBeGreaterThan(enough);
  }
}
