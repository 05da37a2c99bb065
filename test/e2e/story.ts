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
import { comes } from "./comes.ts";
import type { Said } from "./conditions.ts";
import { badSaid, expectAllWell, refusals, serversAtLimit, unread } from "./expectations.ts";
import { type FleetSpec, POSTGRES_POD } from "./fleets.ts";
import type { Ground } from "./ground.ts";
import { costsOf, tellCosts } from "./costs.ts";
import { keepClusterLog } from "./clusterLog.ts";
import { loadOf } from "./load.ts";
import { type Place, runFleet } from "./place.ts";
import { watchPods } from "./pods.ts";
import type { LoadFailure } from "./programs/load.ts";
import { NOBODY } from "./refusal.ts";
import { measured } from "./say.ts";
import { brokenSums, looksOf, tellSums } from "./sums.ts";
import { TOOLS_POD } from "./tools.ts";
import { type Watch, watch } from "./watch.ts";

type Happens = (place: Place, seen: Watch) => Promise<void>;

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

/** The steps of a fleet's story. */
export function stepsOf({ scaled }: Pick<FleetSpec, "scaled">): readonly string[] {
  return Object.keys(scaled === undefined ? TO_ALL : TO_SCALED);
}

/**
 * Runs a fleet, and holds the sums while things happen to it.
 *
 * @returns the steps that passed
 * @throws when a step fails; the message names the kept log of the cluster
 */
export async function tell(ground: Ground, spec: FleetSpec): Promise<readonly string[]> {
  const { namespace } = spec;
  const stood: string[] = [];
  let seen: Watch | undefined;
  try {
    await ground.health.untilWell();
    const place = await runFleet(ground, spec);
    await atRest(place);
    seen = await watch(place);
    const before = await costsOf(place, seen);
    for (const [name, happens] of Object.entries(spec.scaled === undefined ? TO_ALL : TO_SCALED)) {
      await ground.health.untilWell();
      await step(place, seen, name, happens);
      stood.push(name);
    }
    tellCosts(namespace, before, await costsOf(place, seen));
  } catch (error) {
    const log = await keepClusterLog(ground, namespace, seen).catch(String);
    const where = `${namespace}, after ${stood.join(", ") || "nothing"}`;
    // Vitest prints it only when all stories are over: whoever waits wants to know now.
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
    // So that this fleet takes nothing from the next story.
    await ground.clear().catch((error: unknown) => {
      process.stdout.write(`e2e: ${namespace} was not removed: ${String(error)}\n`);
    });
  }
  return stood;
}

/** Before any load: each server answers, what is open is what PgBouncer shows, and nobody else gets in. */
async function atRest(place: Place): Promise<void> {
  const pods = await watchPods(place, () => {});
  try {
    await expectAnswers(place);
    await expectSameCount(place, pods);
    await expectOutsidersShutOut(place);
    await expectDiagnosedWell(place);
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
async function step(place: Place, seen: Watch, name: string, happens: Happens): Promise<void> {
  const where = `${place.namespace}, ${name}`;
  seen.during(name);
  process.stdout.write(`e2e: … ${where}\n`);
  const beganMs = Date.now();
  const restartsBefore = new Map(seen.pods.restarts());
  await seen.samples.look();
  const looksBefore = looksOf(seen);
  const before = (await place.calling.ended()).failures.length;
  await Promise.all([happens(place, seen), expectVerified(place)]);
  await expectAllWell(place, seen);
  const { failures } = await place.calling.ended();
  const failed = failures.slice(before);
  tellFailures(where, failed);
  const lines = seen.conditions.said().filter(({ during }) => during === name);
  process.stdout.write(`e2e: ${where}: the operator said ${lines.length} things\n`);
  await seen.samples.look();
  tellSums(place, seen);
  expect(brokenSums(place, seen, looksBefore)).toEqual([]);
  const { health } = place.ground;
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
  await comes(() => unread(seen), []);
  expect(refusals(seen, failures)).toEqual([]);
  expect(badSaid(seen)).toEqual([]);
  await expectDiagnosedWell(place);
}

/** Pods of which a container was started again. */
function restartedSince(before: ReadonlyMap<string, number>, { pods }: Watch): readonly string[] {
  return [...pods.restarts()]
    .filter(([pod, restarts]) => restarts > (before.get(pod) ?? 0))
    .map(([pod]) => pod);
}

/** How many there were, and of each kind one. */
function tellFailures(where: string, failures: readonly LoadFailure[]): void {
  measured(`${where}: ${failures.length} calls failed`);
  const kinds = new Map(failures.map((each) => [each.text.replaceAll(/\d+/g, "N"), each]));
  for (const { server, text } of kinds.values())
    process.stdout.write(`e2e:   ${server}: ${text}\n`);
}

/** Each pool was at its limit: while the database is slow, calls need all connections there are. */
async function fillPools(place: Place, seen: Watch): Promise<void> {
  const { servers, namespace, calling } = place;
  await calling.call(loadOf(place));
  const names = servers.map(({ name }) => name).toSorted();
  const full = async () => {
    await holdUp(place);
    return [...serversAtLimit(seen)].toSorted();
  };
  await comes(full, names);
  const { answered } = await calling.ended();
  measured(`${namespace}: all pools are full after ${JSON.stringify(answered)} calls`);
}

/** While Postgres is away no server is ready, and the operator says so. */
async function losePostgres(place: Place, seen: Watch): Promise<void> {
  let nobodyReady = false;
  await restartPostgres(place, seen, () => {
    nobodyReady ||= !seen.pods.ofServers().some(({ ready }) => ready);
    return nobodyReady && seen.conditions.said().some(saysThatPostgresIsAway);
  });
}

function saysThatPostgresIsAway({ type, status, during }: Said): boolean {
  return type === "PostgresGuarded" && status === "Unknown" && during === POSTGRES_RESTARTS;
}
