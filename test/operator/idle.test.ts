import { pino } from "pino";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from "../../src/api/names.ts";
import { readStatus } from "../../src/api/status.ts";
import type * as allocation from "../../src/budget/allocate.ts";
import { allocate } from "../../src/budget/allocate.ts";
import { conditionIn } from "../../src/conditions/condition.ts";
import type { judge } from "../../src/conditions/judge.ts";
import type { Network } from "../../src/observe/network.ts";
import { startOperator, type Operator } from "../../src/operator/operator.ts";
import { fieldOf, textAt } from "../../src/json/fields.ts";
import { virtualRuntime } from "../runtime/virtualRuntime.ts";
import { listsAmong, writesAmong } from "../testbed/requests.ts";
import { PRESS_HOST } from "./idleFleet.ts";
import { idleSystem, type IdleSystem } from "./idleSystem.ts";

/**
 * The long silence: an operator that has said what there is to say writes nothing but its lease,
 * however long it goes on looking. An hour of it on a clock of the test's; what it asks answers at
 * once, from memory. That real requests of a real API server are as few is scale.test.ts's.
 */
const network = {
  openConsole: vi.fn<Network["openConsole"]>(async ({ host }) => system.openConsole(host)),
  askPostgres: vi.fn<Network["askPostgres"]>(async ({ role }) => system.postgres(role)),
  handshake: vi.fn<Network["handshake"]>(async ({ pod }) => {
    return { ok: true, protocolVersion: "2025-11-25", serverName: "writing", pod };
  }),
  addressesOf: vi.fn<Network["addressesOf"]>(async (host) => system.addressesOf(host)),
};

/** The judge as it is, and when it judged what. */
const judgements = vi.hoisted(() => ({ onJudge: vi.fn<(budget: string) => void>() }));
vi.mock(import("../../src/conditions/judge.ts"), async (original) => {
  const real = await original();
  const noted: typeof judge = (snapshot) => {
    const { namespace, name } = snapshot.budget;
    judgements.onJudge(`${namespace}/${name}`);
    return real.judge(snapshot);
  };
  return { ...real, judge: noted };
});

/** What divides the budget, which a test gives a fault. */
vi.mock("../../src/budget/allocate.ts", { spy: true });

/** Of the budget `writing`; each costs time in every judgement. */
const COUNT = 100;
const SERVERS = [
  ...Array.from({ length: COUNT }, (_, index) => `writing/s${`${index}`.padStart(3, "0")}`),
  "archive/catalogue",
  "archive/scanner",
  "press/layout",
];
const BUDGETS = ["writing/writing", "archive/archive", "press/press"];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Of so many minutes one is busy, and things move in each of its seconds. */
const BUSY_MINUTE = 6;
const PROCESSES = 6;

const runtime = virtualRuntime();
const judged: { readonly budget: string; readonly atMs: number }[] = [];
let system: IdleSystem;
let operator: Operator;
let warnings = "";

beforeAll(async () => {
  system = idleSystem(COUNT, runtime, isBusy);
  judgements.onJudge.mockImplementation((budget) => {
    judged.push({ budget, atMs: runtime.monotonicMs() });
  });
  operator = await startOperator({
    client: system.api.client,
    network,
    log: pino({ level: "warn" }, { write: (line) => void (warnings += line) }),
    port: 0,
    lease: { namespace: OPERATOR_NAMESPACE, name: OPERATOR_NAME },
    candidate: "idle",
    runtime,
  });
});

afterAll(() => operator?.stop());

test("a fleet that is well is judged so, and nobody is reported more than its statuses", async () => {
  await runtime.pass(2 * MINUTE_MS);
  expect(budgetSays("writing/writing")).toEqual({
    Feasible: "True Fits",
    WithinBudget: "True Within",
    ConfigApplied: "True Applied",
    PostgresGuarded: "True Guarded",
    Ready: "True Ready",
  });
  expect(serverSays("writing/s042")).toEqual({
    Admitted: "True FloorReserved",
    WithinGrant: "True Within",
    PoolSettingIgnored: "False Followed",
    Verified: "True HandshakeDone",
    Ready: "True Ready",
  });
  expect(BUDGETS.filter((key) => budgetSays(key)["Ready"] !== "True Ready")).toEqual([]);
  expect(SERVERS.filter((key) => serverSays(key)["Ready"] !== "True Ready")).toEqual([]);
  const written = writesAmong(system.api.asked);
  expect(new Set(written)).toEqual(
    new Set([
      ...BUDGETS.map((key) => `patch connectionbudgets/status ${key}`),
      ...SERVERS.map((key) => `patch mcpservers/status ${key}`),
    ]),
  );
  expect(warnings).toBe("");
});

test(
  "an hour of it: all is looked at again and again, and nothing is written but the lease",
  { timeout: 900_000 },
  async () => {
    const mark = system.api.asked.length;
    const before = { atMs: runtime.monotonicMs(), moves: system.moves(), polls: polls() };
    for (const each of Object.values(network)) each.mockClear();
    await runtime.pass(HOUR_MS);

    const asked = system.api.asked.slice(mark);
    expect(tally(writesAmong(asked))).toEqual(new Map());
    expect(tally(listsAmong(asked))).toEqual(new Map());
    expect(warnings).toBe("");
    const verbs = tally(asked.map(({ verb, resource }) => `${verb} ${resource}`));
    const watches = new Map([...verbs].filter(([what]) => what.startsWith("watch ")));
    expect(watches.size).toBe(COPIES);
    expect([...verbs.keys()].filter((what) => !watches.has(what)).toSorted()).toEqual([
      "get secrets",
      "update leases",
    ]);

    // The time has passed for everybody, and things moved in it.
    const leases = new Map([["lease", verbs.get("update leases") ?? 0]]);
    const samples = new Map(
      [...polls()].map(([address, count]) => [address, count - (before.polls.get(address) ?? 0)]),
    );
    const consoles = tally(network.openConsole.mock.calls.map(([{ host }]) => host));
    const postgres = tally(network.askPostgres.mock.calls.map(([{ role }]) => role));
    const greetings = tally(network.handshake.mock.calls.map(([{ pod }]) => pod));
    const names = tally(network.addressesOf.mock.calls.map(([host]) => host));
    const lookups = new Map([[PRESS_HOST, names.get(PRESS_HOST) ?? 0]]);
    expect([
      ...offBeat("renewals of the", leases, { everyMs: 2000 }),
      ...offBeat("samples of", samples, { everyMs: 1000 }),
      ...offBeat("consoles of", consoles, { everyMs: MINUTE_MS }),
      ...offBeat("questions to", postgres, { everyMs: 3000 }),
      ...offBeat("handshakes with", greetings, { everyMs: 45_000, atMostMs: 75_000 }),
      ...offBeat("lookups of", lookups, { everyMs: 30_000 }),
      ...offBeat("times of", watches, { everyMs: 300_000, atMostMs: 600_000 }),
    ]).toEqual([]);
    expect([samples.size, consoles.size, postgres.size, greetings.size]).toEqual([
      PROCESSES,
      PROCESSES,
      BUDGETS.length,
      SERVERS.length,
    ]);
    expect(system.moves() - before.moves).toBe(HOUR_MS / BUSY_MINUTE / 1000);
    expect(BUDGETS.filter((key) => longestGapMs(key, before.atMs) > 10_000)).toEqual([]);
  },
);

test("a template with another pool size is reported for its server, once, and so is its end", async () => {
  const server = "writing/s042";
  expect(await writesAfter(() => configure("s042", 5, 6))).toEqual(toldOf(server));
  expect(serverSays(server)).toMatchObject({
    PoolSettingIgnored: "True ConfiguredOtherwise",
    Ready: "False ConfiguredOtherwise",
  });
  expect(await writesAfter(() => configure("s042", 6, 5))).toEqual(toldOf(server));
  expect(serverSays(server)).toMatchObject({ Ready: "True Ready" });
});

test("a pod that holds more than its setting allows is reported for its server, once, and so is its end", async () => {
  const server = "writing/s077";
  expect(await writesAfter(() => system.hold("s077", 6))).toEqual(toldOf(server));
  expect(serverSays(server)).toMatchObject({
    PoolSettingIgnored: "True MoreThanConfigured",
    Ready: "False MoreThanConfigured",
  });
  expect(await writesAfter(() => system.hold("s077", undefined))).toEqual(toldOf(server));
  expect(serverSays(server)).toMatchObject({ Ready: "True Ready" });
});

test("a line with a limit that nobody planned is reported for the budget, once, and so is its end", async () => {
  const process = system.processes.get(addressOf("writing-pgbouncer-1"));
  const told = ["patch connectionbudgets/status writing/writing", "create events writing/writing"];
  expect(await writesAfter(() => process?.limit("s080", 11))).toEqual(told);
  expect(budgetSays("writing/writing")).toMatchObject({
    ConfigApplied: "False Differs",
    Ready: "False Differs",
  });
  expect(await writesAfter(() => process?.limit("s080", undefined))).toEqual(told);
  expect(budgetSays("writing/writing")).toMatchObject({ Ready: "True Ready" });
});

test("a plan whose sums disagree is said, logged and counted, until they agree", async () => {
  const { allocate: correct } = await vi.importActual<typeof allocation>(
    "../../src/budget/allocate.ts",
  );
  vi.mocked(allocate).mockImplementation((claims, available) => {
    const [first = 0, ...others] = correct(claims, available);
    return [first + 1, ...others];
  });
  await runtime.pass(MINUTE_MS);
  expect(budgetSays("writing/writing")).toMatchObject({
    Feasible: "Unknown SumsDisagree",
    WithinBudget: "True Within",
    Ready: "Unknown SumsDisagree",
  });
  expect(serverSays("writing/s042")).toMatchObject({ Ready: "Unknown SumsDisagree" });
  expect(
    warnings.match(/"about":"budget writing\/writing".*this is a fault of weir/g),
  ).toHaveLength(1);
  expect(await sumErrors()).toBeGreaterThan(BUDGETS.length);

  vi.mocked(allocate).mockReset();
  await runtime.pass(MINUTE_MS);
  const count = await sumErrors();
  await runtime.pass(MINUTE_MS);
  expect(await sumErrors()).toBe(count);
  expect(budgetSays("writing/writing")).toMatchObject({ Ready: "True Ready" });
  expect(serverSays("writing/s042")).toMatchObject({ Ready: "True Ready" });
});

async function sumErrors(): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text();
  return Number(/^weir_sum_errors_total (\d+)$/m.exec(metrics)?.[1]);
}

function isBusy(atMs: number): boolean {
  return Math.floor(atMs / MINUTE_MS) % BUSY_MINUTE === 0;
}

/** Copies of the cluster that are followed, a kind each. */
const COPIES = 9;

function polls(): ReadonlyMap<string, number> {
  return new Map([...system.processes].map(([address, process]) => [address, process.polls()]));
}

function tally(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** What did not come as often as it should in an hour. */
function offBeat(
  what: string,
  counts: ReadonlyMap<string, number>,
  { everyMs, atMostMs = everyMs }: { readonly everyMs: number; readonly atMostMs?: number },
): readonly string[] {
  return [...counts]
    .filter(([, count]) => count < HOUR_MS / atMostMs - 1 || count > HOUR_MS / everyMs + 1)
    .map(([key, count]) => `${what} ${key}: ${count} in an hour`);
}

/** The longest time that a budget was not judged for, since a moment. */
function longestGapMs(key: string, sinceMs: number): number {
  const own = judged.filter(({ budget, atMs }) => budget === key && atMs >= sinceMs);
  const times = [sinceMs, ...own.map(({ atMs }) => atMs), runtime.monotonicMs()];
  return Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
}

/** What is written in the minute after a change; Events without the hash of their text. */
async function writesAfter(change: () => void): Promise<readonly string[]> {
  const mark = system.api.asked.length;
  change();
  await runtime.pass(MINUTE_MS);
  return writesAmong(system.api.asked.slice(mark)).map((write) =>
    write.replace(/^(create events .*)\.[0-9a-f]{16}$/, "$1"),
  );
}

function addressOf(pod: string): string {
  return textAt(fieldOf(system.api.read("Pod", "writing", pod), "status"), "podIP") ?? "";
}

function toldOf(server: string): readonly string[] {
  return [`patch mcpservers/status ${server}`, `create events ${server}`];
}

/** Somebody edits the pool size in a server's Deployment. */
function configure(server: string, from: number, to: number): void {
  const text = JSON.stringify(system.api.read("Deployment", "writing", server));
  expect(text).toContain(poolSize(from));
  system.api.put(JSON.parse(text.replace(poolSize(from), poolSize(to))));
}

function poolSize(size: number): string {
  return `"DB_POOL_MAX_PER_SERVER","value":"${size}"`;
}

function budgetSays(key: string): Readonly<Record<string, string>> {
  return said("ConnectionBudget", key, [
    "Feasible",
    "WithinBudget",
    "ConfigApplied",
    "PostgresGuarded",
    "Ready",
  ]);
}

function serverSays(key: string): Readonly<Record<string, string>> {
  return said("McpServer", key, [
    "Admitted",
    "WithinGrant",
    "PoolSettingIgnored",
    "Verified",
    "Ready",
  ]);
}

/** Status and reason of each of its conditions. */
function said(
  kind: string,
  key: string,
  types: readonly string[],
): Readonly<Record<string, string>> {
  const [namespace = "", name = ""] = key.split("/");
  const status = readStatus(fieldOf(system.api.read(kind, namespace, name), "status"));
  return Object.fromEntries(
    types.map((type) => {
      const condition = conditionIn(status, type);
      return [type, `${condition?.status} ${condition?.reason}`];
    }),
  );
}
