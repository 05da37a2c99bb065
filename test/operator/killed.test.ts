import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { writesAmong } from "../testbed/requests.ts";
import { type Testbed, TESTBED_START_TIMEOUT_MS, startTestbed } from "../testbed/testbed.ts";
import { ownFleet } from "../testbed/writingFleet.ts";
import { figure } from "./controlPlane.ts";

/**
 * The operator is killed a hundred times while objects change. Where all has come to rest, the
 * conditions are those of an operator that nobody disturbed.
 */
const KILLS = 100;
/** A start takes a second or so: it is killed while it starts, lists, judges, writes, and at rest. */
const LIFE_MS_MAX = 2500;
const SERVERS = ["author", "reporting", "review", "scene"] as const;
const LEASE = [
  "delete",
  "lease",
  "--all",
  "--namespace=weir-system",
  "--ignore-not-found",
] as const;

let testbed: Testbed;

beforeAll(async () => {
  testbed = await startTestbed();
  await testbed.fleet(ownFleet(testbed, { servers: SERVERS }));
}, TESTBED_START_TIMEOUT_MS);

afterAll(() => testbed?.stop());

test(
  `${KILLS} kills, then the conditions of an undisturbed run`,
  async () => {
    for (let kills = 0; kills < KILLS; kills++) {
      const operator = await testbed.operator();
      await Promise.all([change(kills), sleep(Math.random() * LIFE_MS_MAX)]);
      await operator.kill();
      // The next one need not wait until the lease of the dead one expires.
      await testbed.kubectl(...LEASE);
      if (kills % 10 === 9) process.stderr.write(`${kills + 1} of ${KILLS} kills\n`);
    }
    const disturbed = await atRest();

    // From nothing, with nobody to disturb it.
    for (const [kind, name] of OBJECTS) {
      const patch = ["--type=merge", "--subresource=status", '--patch={"status":null}'];
      await testbed.kubectl("patch", kind.toLowerCase(), name, ...patch);
      await expect.poll(() => testbed.conditions.of(kind, name).size).toBe(0);
    }
    const undisturbed = await atRest();
    expect(disturbed).toEqual(undisturbed);
    // Something is bad at the end, so that the comparison is about more than "all is well".
    expect(disturbed["McpServer author"]).toMatchObject({ PoolSettingIgnored: { status: "True" } });
    expect(disturbed["McpServer scene"]).toMatchObject({ Ready: { status: "True" } });
  },
  30 * 60_000,
);

const OBJECTS = [
  ["ConnectionBudget", "writing"] as const,
  ...SERVERS.map((name) => ["McpServer", name] as const),
];

/** What people and programs do meanwhile: the last of each kind is what counts in the end. */
async function change(count: number): Promise<void> {
  const isLast = count >= KILLS - 8;
  switch (count % 8) {
    case 0:
      return void (await testbed.servers.behave("author", { open: isLast ? 8 : count % 6 }));
    case 1:
      await testbed.write(fleetWith(isLast ? 5 : 3 + (count % 3)));
      return;
    case 2:
      await testbed.kubectl("scale", "deployment/review", `--replicas=${isLast ? 2 : 1}`);
      return;
    case 3:
      return void (await testbed.servers.behave("scene", { open: isLast ? 4 : 1, busy: 1 }));
    case 4:
      return limitRole(isLast ? 97 : -1);
    case 5:
      await testbed.kubectl("rollout", "restart", "deployment/reporting");
      return;
    case 6:
      return limitRole(isLast ? 97 : 50);
    default:
      return void (await testbed.servers.behave("reporting", { open: "max" }));
  }
}

function fleetWith(max: number): string {
  return ownFleet(testbed, { servers: SERVERS, server: { pool: { max } } });
}

async function limitRole(limit: number): Promise<void> {
  await testbed.postgres.query(`ALTER ROLE writing CONNECTION LIMIT ${limit}`);
}

/** Longer than a message that differs in its numbers alone may be held back: half a minute. */
const QUIET_MS = 35_000;
/** Of two PgBouncers, each second: longer than what they had a moment ago counts. */
const SAMPLES = 30;

/** What one operator says when it has nothing more to say, without times. */
async function atRest(): Promise<Record<string, Record<string, object>>> {
  const operator = await testbed.operator();
  await expect.poll(() => operator.log()).toContain('"leads"');
  // Of one that has not looked yet nothing is heard, either.
  const own = { port: operator.port() };
  await expect
    .poll(() => figure(own, 'weir_samples_total{result="answered"}'), { timeout: QUIET_MS * 10 })
    .toBeGreaterThan(SAMPLES);
  const mark = await testbed.requests.mark();
  let seen = -1;
  await expect
    .poll(
      async () => {
        const before = seen;
        seen = writesAmong(await testbed.requests.since(mark)).length;
        const known = testbed.conditions.of("ConnectionBudget", "writing").has("Ready");
        return known && seen === before;
      },
      { interval: QUIET_MS, timeout: 10 * QUIET_MS },
    )
    .toBe(true);
  const said = Object.fromEntries(
    OBJECTS.map(([kind, name]) => [
      `${kind} ${name}`,
      Object.fromEntries(
        [...testbed.conditions.of(kind, name)].map(([type, { status, reason, message }]) => [
          type,
          { status, reason, message },
        ]),
      ),
    ]),
  );
  await operator.stop();
  return said;
}
