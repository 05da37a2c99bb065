import { setTimeout as sleep } from "node:timers/promises";

import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { connect } from "../../src/kube/client.ts";
import { reflect } from "../../src/kube/reflector.ts";
import { startFaultyProxy, type Fault, type FaultyProxy } from "../kube/faultyProxy.ts";
import { following } from "../kube/following.ts";
import { type ApiServer, API_SERVER_START_TIMEOUT_MS, startApiServer } from "./apiServer.ts";
import { configMapsIn, shortOf, type ConfigMaps } from "./configMaps.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

const RUNS = 12;
const STEPS_MAX = 80;

let apiServer: ApiServer;
let namespaces = 0;

beforeAll(async () => {
  apiServer = await startApiServer();
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await apiServer.stop();
});

/** One thing that happens, to the objects or on the way to them. */
type FaultStep = (world: FaultyCluster) => Promise<unknown>;

interface FaultyCluster {
  readonly maps: ConfigMaps;
  readonly proxy: FaultyProxy;
  /** Another one each time it is asked for. */
  readonly value: () => string;
}

const named = (act: (world: FaultyCluster, name: string) => Promise<unknown>, word: string) =>
  fc
    .constantFrom("a", "b", "c", "d", "e")
    .map((name) => told(`${word} ${name}`, (world) => act(world, name)));

/** So that fast-check can say what a run did. */
function told(words: string, step: FaultStep): FaultStep {
  return Object.assign(step, { [fc.toStringMethod]: () => words });
}

const faults = fc
  .constantFrom<Fault>("none", "none", "stall", "stall", "delay", "repeat", "tear", "refuse")
  .map((fault) => told(`fault ${fault}`, async ({ proxy }) => proxy.make(fault)));

const step = fc.oneof(
  { weight: 10, arbitrary: named(({ maps, value }, name) => maps.create(name, value()), "create") },
  { weight: 10, arbitrary: named(({ maps, value }, name) => maps.update(name, value()), "update") },
  { weight: 7, arbitrary: named(({ maps }, name) => maps.remove(name), "remove") },
  { weight: 4, arbitrary: faults },
  { weight: 1, arbitrary: fc.constant(told("cut", async ({ proxy }) => proxy.cut())) },
  { weight: 1, arbitrary: fc.constant(told("compact", () => apiServer.compact())) },
  {
    weight: 4,
    arbitrary: fc
      .integer({ min: 1, max: 400 })
      .map((waitMs) => told(`wait ${waitMs}`, () => sleep(waitMs))),
  },
);

/** At most once a run, since it takes seconds. */
const restartAt = fc.option(fc.integer({ min: 0, max: STEPS_MAX }), { freq: 2 });

test(
  "whatever happens on the way, the copy is in the end what is there",
  { timeout: 10 * 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: STEPS_MAX }),
        restartAt,
        async (steps, restart) => {
          const proxy = await startFaultyProxy(apiServer);
          const maps = await configMapsIn(apiServer, `n${(namespaces += 1)}`);
          const client = connect(proxy.config, systemRuntime, 2000);
          const { onChange, objects, wrong } = following();
          const reflector = reflect({
            client,
            selection: maps.selection,
            keep: shortOf,
            onChange,
            silenceMsMax: 1000,
            runtime: { ...systemRuntime, random: () => 0.02 },
          });
          let values = 0;
          const value = () => `${(values += 1)}`;
          for (const [index, act] of steps.entries()) {
            if (index === restart) await apiServer.restart();
            await act({ maps, proxy, value });
          }
          proxy.make("none");
          const wanted = await maps.all();
          // Where nothing is left, one that has seen nothing yet has the same.
          await expect.poll(() => reflector.state().synced).toBe(true);
          await expect.poll(() => reflector.all().toSorted()).toEqual(wanted);
          expect(objects()).toEqual(wanted);
          expect(wrong).toEqual([]);
          await reflector.stop();
          await client.close();
          await maps.close();
          await proxy.stop();
        },
      ),
      // What is random on the way comes otherwise the second time: a shorter run proves nothing.
      { numRuns: RUNS, endOnFailure: true },
    );
  },
);
