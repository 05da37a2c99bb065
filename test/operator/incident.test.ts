import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { CONDITIONS_TIMEOUT_MS, allReady } from "../testbed/conditions.ts";
import { logMeasuredTime } from "../measured.ts";
import { type Testbed, TESTBED_START_TIMEOUT_MS, startTestbed } from "../testbed/testbed.ts";
import { existingFleet, SERVERS } from "../testbed/writingFleet.ts";

/**
 * The incident, observed: ten servers whose Deployments give them a pool of 20, before one PgBouncer
 * of 200 that weir did not make.
 */
let testbed: Testbed;

vi.setConfig({ testTimeout: CONDITIONS_TIMEOUT_MS });

beforeAll(async () => {
  testbed = await startTestbed({ existing: { maxClientConn: 200 } });
  await testbed.fleet(existingFleet(testbed, { server: { pool: { max: 20 }, rollout: RECREATE } }));
  await testbed.operator();
}, TESTBED_START_TIMEOUT_MS);

afterAll(() => testbed?.stop());

const RECREATE = { type: "Recreate" };
const BUDGET = { kind: "ConnectionBudget", name: "writing" } as const;

test("before it: the sums hold, and each Deployment is named that gives more than its limit", async () => {
  await testbed.conditions.until({ ...BUDGET, type: "WithinBudget", status: "True" });
  for (const name of SERVERS) {
    const { reason, message } = await testbed.conditions.until({
      kind: "McpServer",
      name,
      type: "PoolSettingIgnored",
      status: "True",
    });
    expect(reason).toBe("ConfiguredOtherwise");
    expect(message).toContain("gives a process 20 ");
    expect(message).toContain("its limit is 19");
  }
});

test("all pools are full: WithinBudget=False, with the sum and who holds it", async () => {
  const broken = { ...BUDGET, type: "WithinBudget", status: "False" } as const;
  const told = testbed.conditions.until(broken);
  await Promise.all(SERVERS.map((name) => testbed.servers.behave(name, { open: "max" })));
  const openMs = performance.now();
  const { reason, atMs } = await told;
  logMeasuredTime("WithinBudget=False after the last connection", atMs - openMs);

  expect(reason).toBe("ClientsExceedBudget");
  // The operator's own console is one of the 200, and PgBouncer refuses no console.
  const sum = "(?:199|200) open \\+ 2 consoles \\+ 4 maintenance \\+ 4 logins = 2(?:09|10) > 200 ";
  const holders = "held by (?:\\S+ (?:19|20), )+\\S+ (?:19|20) and \\d more, all idle";
  const message = new RegExp(`: ${sum}.*; ${holders}`);
  await testbed.conditions.until({ ...broken, message });
});

test("people are reported: in the columns, and in an Event", async () => {
  const columns = await testbed.kubectl("get", "connectionbudget", "writing");
  expect(columns).toContain("False");
  await expect
    .poll(() =>
      testbed.kubectl(
        "get",
        "events",
        "-o=jsonpath={range .items[*]}{.reason} {.message}{'\\n'}{end}",
      ),
    )
    .toMatch(/ClientsExceedBudget .* > 200 of max_client_conn/);
});

test("new limits cure it: all conditions are well again", async () => {
  const startedMs = performance.now();
  await testbed.fleet(existingFleet(testbed, { server: { pool: { max: 5 }, rollout: RECREATE } }));
  const { message, atMs } = await testbed.conditions.until({
    ...BUDGET,
    type: "WithinBudget",
    status: "True",
  });
  logMeasuredTime("WithinBudget=True after the new limits were applied", atMs - startedMs);
  expect(message).toContain("max_client_conn 200");
  await allReady(testbed, SERVERS);

  for (const name of SERVERS) {
    const [pod] = testbed.servers.pods(name);
    await expect.poll(() => testbed.servers.report(pod?.key ?? "")).toMatchObject({ open: 5 });
  }
});
