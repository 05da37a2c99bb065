import type { Manifest } from "../../src/render/manifest.ts";
import { roleOf } from "../../src/api/connectionBudget.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { fieldOf, textAt } from "../../src/json/fields.ts";
import type { PostgresSnapshot } from "../../src/model/postgres.ts";
import type { Console } from "../../src/protocol/console.ts";
import { madeOf } from "./controllers.ts";
import type { PlannedBudget } from "../../src/budget/planFleet.ts";
import { idleFleet, PRESS_HOST } from "./idleFleet.ts";
import { memoryApiServer, type MemoryApiServer } from "./memoryApiServer.ts";
import { pgbouncerStandIn, type PgBouncerStandIn } from "./pgbouncerStandIn.ts";
import { postgresSnapshot } from "./snapshotOf.ts";
import { traffic, type ServerPool, type Traffic } from "./traffic.ts";

/**
 * A fleet that is well, in memory and on a clock of the test's: whatever is asked answers at once.
 * It is no still life: connections come and go within their limits, and autoscalers say what they
 * measure.
 */
export interface IdleSystem {
  readonly api: MemoryApiServer;
  /** By address. */
  readonly processes: ReadonlyMap<string, PgBouncerStandIn>;
  /** Of the process at an address. */
  readonly openConsole: (address: string) => Console;
  /** Of the Postgres that a role logs in to. */
  readonly postgres: (role: string) => PostgresSnapshot;
  /** What DNS says of a host. */
  readonly addressesOf: (host: string) => readonly string[];
  /** How often connections have come and gone. */
  readonly moves: () => number;
  /** A pod of a server has so many connections; undefined: again what comes and goes. */
  readonly hold: (server: string, count: number | undefined) => void;
}

const MOVE_MS = 1000;
/** As often as their controller looks. */
const SCALER_MS = 15_000;
const DNS: ReadonlyMap<string, readonly string[]> = new Map([
  [PRESS_HOST, ["10.200.0.1", "10.200.0.2"]],
]);

/** What is used of a tier. */
interface UsedTier {
  readonly tier: PlannedBudget;
  readonly pools: readonly ServerPool[];
  readonly flow: Traffic;
  readonly processes: ReadonlyMap<string, PgBouncerStandIn>;
}

/**
 * @param isBusy whether anything moves, at a moment of the clock
 */
export function idleSystem(
  servers: number,
  runtime: Runtime,
  isBusy: (atMs: number) => boolean,
): IdleSystem {
  const { tiers, objects } = idleFleet(servers);
  const made = madeOf(objects);
  const api = memoryApiServer(runtime);
  for (const object of [...objects, ...made]) api.put(object);
  const used = tiers.map((tier) => use(tier, made, runtime));
  const processes = new Map(used.flatMap((each) => [...each.processes]));
  let moves = 0;

  again(runtime, MOVE_MS, () => {
    if (!isBusy(runtime.monotonicMs())) return;
    for (const { flow } of used) flow.move();
    moves += 1;
  });
  const scalers = objects.filter(({ kind }) => kind === "HorizontalPodAutoscaler");
  again(runtime, SCALER_MS, () => {
    for (const { kind, metadata } of scalers) {
      const scaler = api.read(kind, metadata.namespace ?? "", metadata.name);
      api.put({ ...scaler, status: { currentReplicas: 1, cpuUtilization: runtime.random() } });
    }
  });
  return {
    api,
    processes,
    openConsole: (address) => {
      const process = processes.get(address);
      if (process === undefined) throw new Error(`connect ECONNREFUSED ${address}`);
      return process.openConsole();
    },
    postgres: (role) => {
      const found = used.find(({ tier }) => roleOf(tier.budget) === role);
      if (found === undefined) throw new Error(`role "${role}" does not exist`);
      const open = [...found.processes.values()].map((process) => process.servers());
      const backends = open.reduce((sum, count) => sum + count, 0);
      return postgresSnapshot(found.tier.budget, { backends });
    },
    addressesOf: (host) => DNS.get(host) ?? [host],
    moves: () => moves,
    hold: (server, count) => {
      for (const { pools, flow } of used) {
        const pool = pools.find((each) => each.server === server);
        if (pool !== undefined) flow.hold(pool, count);
      }
    },
  };
}

function again(runtime: Runtime, everyMs: number, happen: () => void): void {
  runtime.after(everyMs, () => {
    happen();
    again(runtime, everyMs, happen);
  });
}

function use(tier: PlannedBudget, made: readonly Manifest[], runtime: Runtime): UsedTier {
  const { metadata, spec } = tier.budget;
  const { existing, reserve } = spec.pgbouncer;
  const podsOf = (workload: string) =>
    made
      .filter(({ kind, metadata: { namespace } }) => {
        return kind === "Pod" && namespace === metadata.namespace;
      })
      .filter((pod) => pod.metadata.name.startsWith(`${workload}-`))
      .map((pod) => textAt(fieldOf(pod, "status"), "podIP") ?? "");
  const hosts =
    DNS.get(existing?.host ?? "") ?? podsOf(existing?.host ?? `${metadata.name}-pgbouncer`);
  const pools = tier.plan.servers.flatMap(({ name, limit }) =>
    podsOf(name).map((address) => ({ server: name, address, limit })),
  );
  const flow = traffic(pools, hosts.length, reserve, runtime.random);
  const processes = new Map(
    hosts.map((host, ordinal) => [host, pgbouncerStandIn(tier, pools, flow, ordinal, runtime)]),
  );
  return { tier, pools, flow, processes };
}
