import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { binary } from "../../tools/binaries/catalog.ts";
import { eventually } from "./eventually.ts";
import { POSTGRES_POD } from "./fleets.ts";
import type { RunningFleet } from "./runningFleet.ts";

/** The backends of the budget's role, as Postgres itself counts them, every 50 ms at least. */
export interface Backends {
  readonly seen: () => { readonly samples: number; readonly most: number };
  readonly stop: () => Promise<void>;
}

const PSQL = "psql --username=postgres --no-psqlrc --quiet --tuples-only";
/** Ends after a minute, also where nobody reads it any more. */
const LOOKS = 1000;
/** Then the next stream begins, before this one ends. */
const RENEW_AFTER_LOOKS = 800;
const COUNT = `SELECT count(*) FROM pg_stat_activity
  WHERE usename = 'writing' AND backend_type = 'client backend' \\watch i=0.05 c=${LOOKS}`;
/** On a computer that is busy a stream begins late. */
const BEGIN_MS_MAX = 180_000;
/** One that says nothing for so long has broken, as streams may in a cluster that is busy. */
const SILENT_MS_MAX = 30_000;
const RETRY_MS = 200;

/**
 * Counts from within Postgres' pod, as its superuser, who gets in also when all else is full. It has
 * begun when this resolves: beside fifty backends at work a new program may take minutes to start.
 */
export async function watchBackends(fleet: RunningFleet): Promise<Backends> {
  const command = await countingCommand(fleet);
  let samples = 0;
  let most = 0;
  const streams = new Map<ChildProcess, Promise<unknown>>();
  const stopped = new AbortController();
  /** Begins a stream. @returns when the next one is due */
  const begin = async () => {
    const child = spawn("setpriv", command, { stdio: ["ignore", "pipe", "ignore"] });
    const silent = (ms: number) =>
      setTimeout(() => {
        process.stdout.write(`e2e: ${fleet.namespace}: backends were not told for ${ms} ms\n`);
        child.kill("SIGKILL");
      }, ms);
    let timer = silent(BEGIN_MS_MAX);
    let looks = 0;
    const renewal = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!/^ *\d+ *$/.test(line)) return;
      clearTimeout(timer);
      timer = silent(SILENT_MS_MAX);
      samples += 1;
      most = Math.max(most, Number(line));
      looks += 1;
      if (looks === RENEW_AFTER_LOOKS) renewal.resolve();
    });
    const closed = once(child, "close").finally(() => {
      clearTimeout(timer);
      streams.delete(child);
    });
    streams.set(child, closed);
    await Promise.race([renewal.promise, closed]);
    // Postgres has ended, or has not begun.
    if (looks < RENEW_AFTER_LOOKS) await sleep(RETRY_MS);
  };
  const follow = async () => {
    while (!stopped.signal.aborted) await begin();
  };
  const following = follow();
  await eventually(() => samples > 0, true);
  return {
    seen: () => ({ samples, most }),
    stop: async () => {
      stopped.abort();
      for (const child of streams.keys()) child.kill();
      await Promise.all([following, ...streams.values()]);
    },
  };
}

/** What `setpriv` is given: it ends with this process, however that ends. */
async function countingCommand({
  namespace,
  environment,
}: RunningFleet): Promise<readonly string[]> {
  const kubectl = await binary("kubectl");
  const cluster = ["--kubeconfig", environment.cluster.kubeconfigPath, "--namespace", namespace];
  const script = `${PSQL} <<'END'\n${COUNT}\nEND`;
  const exec = ["exec", POSTGRES_POD, "--", "sh", "-c", script];
  return ["--pdeathsig", "KILL", kubectl, ...cluster, ...exec];
}
