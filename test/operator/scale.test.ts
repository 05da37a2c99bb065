import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { OperatorProcess } from "../testbed/operatorProcess.ts";
import { allReady } from "../testbed/conditions.ts";
import { listsAmong, writesAmong } from "../testbed/requests.ts";
import { type Testbed, TESTBED_START_TIMEOUT_MS, startTestbed } from "../testbed/testbed.ts";
import { ownFleet } from "../testbed/writingFleet.ts";
import { figure } from "./controlPlane.ts";

/** The most servers that one budget may have, each with a pod that holds connections. */
const COUNT = 500;
const SERVERS = Array.from({ length: COUNT }, (_, index) => `s${`${index}`.padStart(3, "0")}`);
/**
 * Two looks: here the requests of a real API server are counted. That the silence lasts is
 * idle.test.ts's, an hour of it on a clock that need not be waited for. `npm run soak` waits longer.
 */
const IDLE_MINUTES = Number(process.env["WEIR_IDLE_MINUTES"] ?? 1);
const IDLE_MS = 60_000 * IDLE_MINUTES;
/** 500 handshakes and 501 statuses, on a machine that runs other tests too. */
const JUDGED_MS_MAX = 300_000;
const LOOK_INTERVAL_MS = 30_000;
/** Of one PgBouncer, each second: longer than what it had a moment ago counts. */
const SAMPLES = 20;

let testbed: Testbed;
let operator: OperatorProcess;

beforeAll(async () => {
  testbed = await startTestbed({ postgres: { max_connections: 700 } });
  log(`applying ${COUNT} servers`);
  await testbed.fleet(
    ownFleet(testbed, {
      servers: SERVERS,
      postgres: { maxConnections: 700 },
      pgbouncer: { replicas: 1, maxClientConn: 1200 },
    }),
  );
  log("they are Ready, and connect");
  await Promise.all(SERVERS.map((name) => testbed.servers.behave(name, { open: "max" })));
}, TESTBED_START_TIMEOUT_MS);

afterAll(() => testbed?.stop());

test(
  `all ${COUNT} servers are judged`,
  async () => {
    const startedMs = performance.now();
    operator = await testbed.operator();
    await settled();
    log(
      `measured: ${COUNT} servers judged ${seconds(performance.now() - startedMs)} after a start`,
    );
    for (const name of SERVERS) {
      expect(testbed.conditions.of("McpServer", name).get("Verified")?.status).toBe("True");
    }
  },
  2 * JUDGED_MS_MAX,
);

test(
  "one server that changes costs at most 2 writes, and no list",
  async () => {
    const mark = await testbed.requests.mark();
    const [pod] = testbed.servers.pods("s250");
    const wrong = { kind: "McpServer", name: "s250", type: "PoolSettingIgnored" } as const;
    await testbed.servers.load(pod?.key ?? "", { open: 2, busy: 0 });
    await testbed.conditions.until({ ...wrong, status: "True" });
    await quiet(mark);

    const asked = await testbed.requests.since(mark);
    const writes = writesAmong(asked);
    expect(writes).toContain("patch mcpservers/status writing/s250");
    expect(writes.length).toBeLessThanOrEqual(2);
    expect(listsAmong(asked)).toEqual([]);
    log(`measured: one changed server costs ${writes.join(", ")}`);

    await testbed.servers.load(pod?.key ?? "", { open: 1, busy: 0 });
    await testbed.conditions.until({ ...wrong, status: "False" });
    await settled();
  },
  3 * JUDGED_MS_MAX,
);

test(
  "a restart writes nothing but the lease",
  async () => {
    await operator.stop();
    const mark = await testbed.requests.mark();
    operator = await testbed.operator();
    await expect.poll(() => operator.log()).toContain('"leads"');
    // One that has not looked yet, or not judged by what it saw, has nothing to write either.
    await passes('weir_samples_total{result="answered"}', SAMPLES);
    await passes("weir_judgements_total", await own("weir_judgements_total"));
    await watched(mark, LOOK_INTERVAL_MS);
  },
  3 * JUDGED_MS_MAX,
);

test(
  `idle for ${IDLE_MINUTES} min: no write but the lease`,
  async () => {
    const mark = await testbed.requests.mark();
    const before = await operator.usage();
    await watched(mark, IDLE_MS);
    const after = await operator.usage();
    const cpu = (1000 * (after.cpuSeconds - before.cpuSeconds)) / IDLE_MS;
    log(
      `measured: idle with ${COUNT} servers: ${(100 * cpu).toFixed(1)} % of a core, ` +
        `${after.memoryMiB} MiB`,
    );
    expect(listsAmong(await testbed.requests.since(mark))).toEqual([]);
  },
  IDLE_MS + JUDGED_MS_MAX,
);

/** Waits until everything is judged, and nothing more is written. */
async function settled(): Promise<void> {
  await allReady(testbed, SERVERS, JUDGED_MS_MAX);
  await quiet(await testbed.requests.mark());
}

/** Waits until two looks in a row show the same writes. */
async function quiet(mark: string): Promise<void> {
  let seen = -1;
  await expect
    .poll(
      async () => {
        const before = seen;
        seen = writesAmong(await testbed.requests.since(mark)).length;
        return seen === before;
      },
      { interval: 3000, timeout: 120_000 },
    )
    .toBe(true);
}

/** What it says of itself. */
function own(series: string): Promise<number> {
  return figure({ port: operator.port() }, series);
}

async function passes(series: string, count: number): Promise<void> {
  await expect.poll(() => own(series), { timeout: JUDGED_MS_MAX }).toBeGreaterThan(count);
}

/** Looks on for a time, and sees no write. */
async function watched(mark: string, forMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < forMs; passedMs += LOOK_INTERVAL_MS) {
    await sleep(LOOK_INTERVAL_MS);
    expect(writesAmong(await testbed.requests.since(mark))).toEqual([]);
    log(`no write for ${(passedMs + LOOK_INTERVAL_MS) / 1000} of ${forMs / 1000} s`);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function log(what: string): void {
  process.stderr.write(`${what}\n`);
}
