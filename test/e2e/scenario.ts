import { expect } from "vitest";

import { holdUp, restartPgBouncer, restartPostgres, restartServers } from "./actions.ts";
import { scaleByCpu, scaleByHand } from "./scaling.ts";
import {
  expectAnswers,
  expectDiagnosedWell,
  expectOutsidersShutOut,
  expectSameCount,
  expectVerified,
} from "./asking.ts";
import { eventually } from "./eventually.ts";
import type { LoggedCondition } from "./conditionHistory.ts";
import { badConditions, expectAllWell, refusals, serversAtLimit, unread } from "./expectations.ts";
import { type FleetSpec, POSTGRES_POD } from "./fleets.ts";
import type { E2eEnvironment } from "./environment.ts";
import { costsOf, logCosts } from "./costs.ts";
import { keepClusterLog } from "./clusterLog.ts";
import { loadOf } from "./loadGenerator.ts";
import { type RunningFleet, runFleet } from "./runningFleet.ts";
import { watchPods } from "./fleetPods.ts";
import type { LoadFailure } from "./programs/load.ts";
import { NOBODY } from "./podLogs.ts";
import { logMeasured } from "../measured.ts";
import { brokenSums, looksOf, logSums } from "./sums.ts";
import { TOOLS_POD } from "./tools.ts";
import { type Watch, watch } from "./watch.ts";

type Happens = (fleet: RunningFleet, seen: Watch) => Promise<void>;

/** While Postgres is away no server is ready, so that nobody listens at their Services. */
const POSTGRES_RESTARTS = "Postgres restarts";

/** What happens to every fleet under load, one after the other. */
const TO_ALL: Readonly<Record<string, Happens>> = {
  "at work": fillPools,
  "servers restart": restartServers,
  "PgBouncer restarts": restartPgBouncer,
  [POSTGRES_RESTARTS]: losePostgres,
};

/** And to one that is scaled. */
const TO_SCALED: Readonly<Record<string, Happens>> = {
  "at work": fillPools,
  "scaled by hand": scaleByHand,
  "scaled by CPU": scaleByCpu,
  "servers restart, scaled": restartServers,
};

/** The steps of a fleet's scenario. */
export function stepsOf({ scaled }: Pick<FleetSpec, "scaled">): readonly string[] {
  return Object.keys(scaled === undefined ? TO_ALL : TO_SCALED);
}

/**
 * Runs a fleet, and holds the sums while things happen to it.
 *
 * @returns the steps that passed
 * @throws when a step fails; the message names the kept log of the cluster
 */
export async function runScenario(
  environment: E2eEnvironment,
  spec: FleetSpec,
): Promise<readonly string[]> {
  const { namespace } = spec;
  const stood: string[] = [];
  let seen: Watch | undefined;
  try {
    await environment.health.untilWell();
    const fleet = await runFleet(environment, spec);
    await atRest(fleet);
    seen = await watch(fleet);
    const before = await costsOf(fleet, seen);
    for (const [name, happens] of Object.entries(spec.scaled === undefined ? TO_ALL : TO_SCALED)) {
      await environment.health.untilWell();
      await step(fleet, seen, name, happens);
      stood.push(name);
    }
    logCosts(namespace, before, await costsOf(fleet, seen));
  } catch (error) {
    const log = await keepClusterLog(environment, namespace, seen).catch(String);
    const where = `${namespace}, after ${stood.join(", ") || "nothing"}`;
    // Vitest prints it only when all scenarios are over: whoever waits wants to know now.
    process.stdout.write(`e2e: ✗ ${where}: ${String(error)}\n`);
    if (error instanceof Error) {
      const [first = "", ...more] = error.message.split("\n");
      const kept = `the cluster's log is kept: ${log}`;
      error.message = [`${where}: ${first}`, kept, ...more].join("\n");
    }
    throw error;
  } finally {
    // Whoever watches stops before what is watched is gone: else it would ask for it in vain.
    await seen?.stop();
    // So that this fleet takes nothing from the next scenario.
    await environment.clear().catch((error: unknown) => {
      process.stdout.write(`e2e: ${namespace} was not removed: ${String(error)}\n`);
    });
  }
  return stood;
}

/** Before any load: each server answers, what is open is what PgBouncer shows, and nobody else gets in. */
async function atRest(fleet: RunningFleet): Promise<void> {
  const pods = await watchPods(fleet, () => {});
  try {
    await expectAnswers(fleet);
    await expectSameCount(fleet, pods);
    await expectOutsidersShutOut(fleet);
    await expectDiagnosedWell(fleet);
  } finally {
    await pods.stop();
  }
}

/**
 * Something happens; the sums hold, nobody is refused or restarted, and the operator and the tools
 * say so. A starved kubelet restarts pods and marks them not Ready, whatever weir does: connections
 * that failed within 30 s of it, and restarts in such a step, are printed and not judged. Refusals and sums are judged always, and so
 * is a restart of the pod that takes the samples.
 */
async function step(
  fleet: RunningFleet,
  seen: Watch,
  name: string,
  happens: Happens,
): Promise<void> {
  const where = `${fleet.namespace}, ${name}`;
  seen.during(name);
  process.stdout.write(`e2e: … ${where}\n`);
  const beganMs = Date.now();
  const restartsBefore = new Map(seen.pods.restarts());
  await seen.samples.look();
  const looksBefore = looksOf(seen);
  const before = (await fleet.loadGenerator.ended()).failures.length;
  await Promise.all([happens(fleet, seen), expectVerified(fleet)]);
  await expectAllWell(fleet, seen);
  const { failures } = await fleet.loadGenerator.ended();
  const failed = failures.slice(before);
  logFailures(where, failed);
  const lines = seen.conditions.all().filter(({ during }) => during === name);
  process.stdout.write(`e2e: ${where}: the operator said ${lines.length} things\n`);
  await seen.samples.look();
  logSums(fleet, seen);
  expect(brokenSums(fleet, seen, looksBefore)).toEqual([]);
  const { health } = fleet.environment;
  const isAway = name === POSTGRES_RESTARTS;
  const nobody = failed.filter(({ text, at }) => {
    const atMs = Date.parse(at);
    return NOBODY.test(text) && !health.wasStarved(atMs, atMs);
  });
  if (!isAway) expect(nobody).toEqual([]);
  const restarted = restartedSince(restartsBefore, seen);
  if (health.wasStarved(beganMs, Date.now())) {
    process.stdout.write(
      `e2e: ${where}: the node was starved; restarted: ${restarted.join(", ")}\n`,
    );
    expect(restarted).not.toContain(TOOLS_POD);
  } else {
    expect(restarted).toEqual(isAway ? [POSTGRES_POD] : []);
  }
  await eventually(() => unread(seen), []);
  expect(refusals(seen, failures)).toEqual([]);
  expect(badConditions(seen)).toEqual([]);
  await expectDiagnosedWell(fleet);
}

/** Pods of which a container was started again. */
function restartedSince(before: ReadonlyMap<string, number>, { pods }: Watch): readonly string[] {
  return [...pods.restarts()]
    .filter(([pod, restarts]) => restarts > (before.get(pod) ?? 0))
    .map(([pod]) => pod);
}

/** How many there were, and of each kind one. */
function logFailures(where: string, failures: readonly LoadFailure[]): void {
  logMeasured(`${where}: ${failures.length} calls failed`);
  const kinds = new Map(failures.map((each) => [each.text.replaceAll(/\d+/g, "N"), each]));
  for (const { server, text } of kinds.values())
    process.stdout.write(`e2e:   ${server}: ${text}\n`);
}

/** Each pool was at its limit: while the database is slow, calls need all connections there are. */
async function fillPools(fleet: RunningFleet, seen: Watch): Promise<void> {
  const { servers, namespace, loadGenerator } = fleet;
  await loadGenerator.call(loadOf(fleet));
  const names = servers.map(({ name }) => name).toSorted();
  const full = async () => {
    await holdUp(fleet);
    return [...serversAtLimit(seen)].toSorted();
  };
  await eventually(full, names);
  const { answered } = await loadGenerator.ended();
  logMeasured(`${namespace}: all pools are full after ${JSON.stringify(answered)} calls`);
}

/** While Postgres is away no server is ready, and the operator says so. */
async function losePostgres(fleet: RunningFleet, seen: Watch): Promise<void> {
  let nobodyReady = false;
  await restartPostgres(fleet, seen, () => {
    nobodyReady ||= !seen.pods.ofServers().some(({ ready }) => ready);
    return nobodyReady && seen.conditions.all().some(saysThatPostgresIsAway);
  });
}

function saysThatPostgresIsAway({ type, status, during }: LoggedCondition): boolean {
  return type === "PostgresGuarded" && status === "Unknown" && during === POSTGRES_RESTARTS;
}
