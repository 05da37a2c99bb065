import { pino } from "pino";
import { expect, test } from "vitest";
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from "../../src/api/names.ts";
import { connect } from "../../src/kube/client.ts";
import { startOperator, type Operator } from "../../src/operator/operator.ts";
import { fieldOf, textAt } from "../../src/json/fields.ts";
import { virtualRuntime } from "../runtime/virtualRuntime.ts";
import { idleSystem, type IdleSystem } from "./idleSystem.ts";
import { memoryConfig } from "./memoryConnection.ts";
import { unsteadyWorld } from "./unsteadyWorld.ts";

/**
 * Two whole operators for an hour, in memory: their client of the API server, lists and watches,
 * queues, leases and events, and their polls of PgBouncers, Postgres, MCP servers and DNS. Stood in
 * for are an API server behind undici's dispatcher, and all that a `Network` reaches: what speaks to
 * a socket itself (src/protocol, handshakes, DNS) has tests of its own on a virtual clock. Answers are late, connections
 * break, a server holds more than it may, and who leads loses the API server for a while. All of
 * it is time and chance, so the same seed must be the same hour.
 */
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Of the budget `writing`; each costs time in every judgement. */
const SERVERS = 4;

/** Two operators that have just started. */
async function start(seed: number) {
  const runtime = virtualRuntime(seed);
  const trace: string[] = [];
  const note = (what: string) => void trace.push(`${runtime.monotonicMs()} ${what}`);
  const system = idleSystem(SERVERS, runtime, isBusy);
  const worlds = ["weir-0", "weir-1"].map((candidate) => ({
    candidate,
    ...unsteadyWorld(system, runtime, (what) => note(`${candidate} ${what}`)),
  }));
  const operators: Operator[] = [];
  for (const { candidate, client, network } of worlds) {
    operators.push(
      await startOperator({
        client: connect(memoryConfig(client), runtime),
        network,
        runtime,
        log: pino(
          { timestamp: false, base: null, redact: ["port"] },
          { write: (line) => note(line) },
        ),
        port: 0,
        lease: { namespace: OPERATOR_NAMESPACE, name: OPERATOR_NAME },
        candidate,
      }),
    );
  }
  const stop = async () => {
    const stopped = Promise.all(operators.map((each) => each.stop()));
    await runtime.pass(MINUTE_MS);
    await stopped;
  };
  return { runtime, trace, system, worlds, stop };
}

/** Everything that was asked or logged, when, and what came of it. */
async function hourOf(seed: number): Promise<readonly string[]> {
  const { runtime, trace, system, worlds, stop } = await start(seed);
  await runtime.pass(10 * MINUTE_MS);
  system.hold("s003", 9);
  await runtime.pass(10 * MINUTE_MS);
  system.hold("s003", undefined);
  const leader = worlds.find(({ candidate }) => leaderOf(system).startsWith(candidate));
  leader?.cut(true);
  await runtime.pass(5 * MINUTE_MS);
  leader?.cut(false);
  await runtime.pass(HOUR_MS - runtime.monotonicMs());
  await stop();
  return trace;
}

/** Most of the time nothing moves: each time it does, all is judged again. */
function isBusy(atMs: number): boolean {
  return atMs % MINUTE_MS < 2000;
}

/** Who holds the lease. */
function leaderOf({ api }: IdleSystem): string {
  const lease = api.read("Lease", OPERATOR_NAMESPACE, OPERATOR_NAME);
  return textAt(fieldOf(lease, "spec"), "holderIdentity") ?? "";
}

/** Where two traces part. */
function partingOf(
  one: readonly string[],
  other: readonly string[],
): readonly unknown[] | undefined {
  const index = one.findIndex((line, at) => line !== other[at]);
  if (index === -1 && one.length === other.length) return undefined;
  const at = index === -1 ? one.length : index;
  const from = Math.max(0, at - 3);
  return [at, one.slice(from, at + 2), other.slice(from, at + 2)];
}

test("an hour of two operators is the same again with the same seed, and another with another", async () => {
  const [first, again] = [await hourOf(1), await hourOf(1)];
  expect(partingOf(first, again)).toBeUndefined();

  const other = await start(2);
  await other.runtime.pass(MINUTE_MS);
  expect(partingOf(first.slice(0, other.trace.length), other.trace)).toBeDefined();
  await other.stop();

  const missing = Object.entries(HAPPENED)
    .filter(([, pattern]) => !first.some((line) => pattern.test(line)))
    .map(([what]) => what);
  expect(missing).toEqual([]);
});

/** What such an hour is made of. */
const HAPPENED: Readonly<Record<string, RegExp>> = {
  lists: /GET \S+\?limit=\d+ : 200/,
  "requests that are repeated": /: 429$/,
  "requests without an answer": /(?:GET|PUT) .*: no answer/,
  watches: /WATCH \S+\/pods\?\S+$/,
  "watches that ended": /WATCH .*: ended/,
  "watches that broke": /WATCH .*: KubeError: the connection broke/,
  "leases of the one": /PUT .*"holderIdentity":"weir-0.*: 200/,
  "leases of the other": /PUT .*"holderIdentity":"weir-1.*: 200/,
  terms: /"msg":"leads"/,
  "terms lost": /"msg":"leads no more"/,
  statuses: /PATCH .*\/status\?.*: 200/,
  events: /POST .*\/events .*: 201/,
  secrets: /GET .*\/secrets\/\S+ : 200/,
  samples: /SHOW CLIENTS of .* rows/,
  "samples that failed": /SHOW .*: broken/,
  consoles: /console of .* as weir_stats/,
  "consoles refused": /console of .*: refused/,
  Postgres: /Postgres through .* backends/,
  "Postgres without an answer": /Postgres through .*: no answer/,
  handshakes: /handshake with .*: true/,
  "handshakes that failed": /handshake with .*: false/,
  DNS: /addresses of /,
};
