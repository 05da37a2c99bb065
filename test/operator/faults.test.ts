import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import type { Plan } from "../../src/budget/plan.ts";
import {
  CONDITIONS_TIMEOUT_MS,
  type Met,
  type Wanted,
  alarmsAmong,
  allReady,
} from "../testbed/conditions.ts";
import { logMeasuredTime } from "../measured.ts";
import { type Testbed, TESTBED_START_TIMEOUT_MS, startTestbed } from "../testbed/testbed.ts";
import { existingFleet, ownFleet } from "../testbed/writingFleet.ts";

/** What people and programs do wrong, one at a time: each is named by its condition, and by no other. */
const SERVERS = ["author", "review", "scene"] as const;
const BUDGET = { kind: "ConnectionBudget", name: "writing" } as const;
const TIER = "writing-pgbouncer-0";

vi.setConfig({ testTimeout: CONDITIONS_TIMEOUT_MS });

let testbed: Testbed;

afterAll(() => testbed?.stop());

describe("with PgBouncers that weir's charts made", () => {
  beforeAll(async () => {
    testbed = await startTestbed();
    await testbed.fleet(ownFleet(testbed, { servers: SERVERS }));
    await testbed.operator();
    await allReady(testbed, SERVERS);
    for (const name of SERVERS) await testbed.servers.behave(name, { open: "max", busy: 2 });
  }, TESTBED_START_TIMEOUT_MS);

  test("a server that ignores its setting", async () => {
    const ignored = {
      kind: "McpServer",
      name: "author",
      type: "PoolSettingIgnored",
      status: "True",
    } as const;
    const { reason, message } = await fault(ignored, ["McpServer writing/author"], () =>
      testbed.servers.behave("author", { open: 8 }),
    );
    expect(reason).toBe("MoreThanConfigured");
    expect(message).toMatch(/^pod author-\S+ holds [6-8] connections, its setting allows 5$/);
    await testbed.conditions.until({ ...ignored, message: / holds 8 connections, / });
    await healed(() => testbed.servers.behave("author", { open: "max" }));
  });

  test("a PgBouncer whose ini was edited by hand", async () => {
    const bouncer = testbed.pgbouncer(TIER);
    const { reason, message } = await fault(
      { ...BUDGET, type: "ConfigApplied", status: "False" },
      ["ConnectionBudget writing/writing"],
      async () => {
        await testbed.edit(bouncer, "common.ini", (text) =>
          text.replace(/^(author = .*max_db_client_connections=)10$/m, "$112"),
        );
        await bouncer.reload();
      },
    );
    expect(reason).toBe("Differs");
    expect(message).toContain(TIER);
    expect(message).toMatch(/author.*12.*10/);
    await healed(async () => {
      await testbed.edit(bouncer, "common.ini", (text) =>
        text.replace(/^(author = .*max_db_client_connections=)12$/m, "$110"),
      );
      await bouncer.reload();
    });
  });

  test("a PgBouncer whose RELOAD applied in part", async () => {
    const bouncer = testbed.pgbouncer(TIER);
    const whole = ownFleet(testbed, { servers: SERVERS });
    const half = ownFleet(testbed, { servers: SERVERS, postgres: { shareConnections: 30 } });
    let old = "";
    const { message } = await fault(
      { ...BUDGET, type: "ConfigApplied", status: "False", reason: "PartlyApplied" },
      ["ConnectionBudget writing/writing"],
      async () => {
        await testbed.postgres.query("ALTER ROLE writing CONNECTION LIMIT 30");
        const { plan } = await testbed.write(half);
        await testbed.edit(bouncer, "common.ini", (text) => {
          old = text;
          return withSlots(text, plan).replace(/^(review = .*)$/m, "$1 no_such_key=1");
        });
        // It says so to whoever asked for it, who does not listen.
        await bouncer.reload().catch(() => {});
      },
    );
    expect(message).toMatch(
      /writing-pgbouncer-0 follows the plan \w+( \w+)* line review and not from/,
    );
    await healed(async () => {
      await bouncer.write({ "common.ini": old });
      await bouncer.reload();
      await testbed.write(whole);
      await testbed.postgres.query("ALTER ROLE writing CONNECTION LIMIT 97");
    });
  });

  test("a role without its limit", async () => {
    const { reason, message } = await fault(
      { ...BUDGET, type: "PostgresGuarded", status: "False" },
      ["ConnectionBudget writing/writing"],
      () => testbed.postgres.query("ALTER ROLE writing CONNECTION LIMIT -1"),
    );
    expect(reason).toBe("NoConnectionLimit");
    expect(message).toContain("role writing has no CONNECTION LIMIT: it must be at most 97");
    await healed(() => testbed.postgres.query("ALTER ROLE writing CONNECTION LIMIT 97"));
  });
});

describe("with a PgBouncer that was there before, and a Postgres that is smaller than is said", () => {
  beforeAll(async () => {
    await testbed?.stop();
    testbed = await startTestbed({ existing: {}, postgres: { max_connections: 60 } });
    await testbed.fleet(existingFleet(testbed, { servers: SERVERS }));
    await testbed.operator();
  }, TESTBED_START_TIMEOUT_MS);

  test("a smaller max_connections", async () => {
    const { reason, message } = await testbed.conditions.until({
      ...BUDGET,
      type: "PostgresGuarded",
      status: "False",
    });
    expect(reason).toBe("MaxConnectionsSmaller");
    expect(message).toContain("Postgres has max_connections 60 ");
    expect(message).toContain("the spec says max_connections 100 ");
    const postgres = { maxConnections: 60 };
    await healed(() => testbed.fleet(existingFleet(testbed, { servers: SERVERS, postgres })));
  });

  test("a server that opens more than its plan", async () => {
    const exceeded = {
      kind: "McpServer",
      name: "scene",
      type: "WithinGrant",
      status: "False",
    } as const;
    const { reason, message } = await fault(exceeded, ["McpServer writing/scene"], () =>
      testbed.servers.behave("scene", { open: 30 }),
    );
    expect(reason).toBe("ClientsExceedGrant");
    expect(message).toMatch(/^(1[1-9]|2\d|30) clients on 127\.0\.0\.1:\d+ > grant 10$/);
    await testbed.conditions.until({ ...exceeded, message: /^30 clients / });
    await healed(() => testbed.servers.behave("scene", { open: "max" }));
  });
});

/** An ini with the slots of a plan. */
function withSlots(ini: string, { budgets }: Plan): string {
  return (budgets[0]?.servers ?? []).reduce(
    (text, { name, slots }) =>
      text.replace(new RegExp(`^(${name} = .* pool_size=)\\d+`, "m"), `$1${slots}`),
    ini,
  );
}

/**
 * Does something wrong, and waits for the condition that names it.
 *
 * @param objects whose conditions may change by it
 * @returns what it said as soon as it turned: of connections that are opened one after another it
 * may tell not all yet
 */
async function fault(
  wanted: Wanted,
  objects: readonly string[],
  doWrong: () => Promise<unknown>,
): Promise<Met> {
  const before = testbed.conditions.flips().length;
  await doWrong();
  const doneMs = performance.now();
  const met = await testbed.conditions.until(wanted);
  logMeasuredTime(
    `${wanted.type}=${met.status} (${met.reason}) after it went wrong`,
    met.atMs - doneMs,
  );
  const ready = { kind: wanted.kind, name: wanted.name, type: "Ready", status: "False" } as const;
  await testbed.conditions.until(ready);
  const alarms = alarmsAmong(testbed.conditions.flips().slice(before));
  expect(alarms.filter((alarm) => !objects.some((object) => alarm.startsWith(object)))).toEqual([]);
  return met;
}

/** Puts it right, and waits until all is well. */
async function healed(putRight: () => Promise<unknown>): Promise<void> {
  await putRight();
  await allReady(testbed, SERVERS);
}
