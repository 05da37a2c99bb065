import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { kubernetesBinary } from "../binaries/kubernetes.ts";
import { comes } from "./comes.ts";
import { POSTGRES_POD } from "./fleets.ts";
import type { Place } from "./place.ts";

/** The backends of the budget's role, as Postgres itself counts them, every 50 ms. */
export interface Backends {
  readonly seen: () => { readonly samples: number; readonly most: number };
  readonly stop: () => Promise<void>;
}

const PSQL = "psql --username=postgres --no-psqlrc --quiet --tuples-only";
/** Ends after a minute, so that a new stream is made: one may break in a cluster that is busy. */
const COUNT = `SELECT count(*) FROM pg_stat_activity
  WHERE usename = 'writing' AND backend_type = 'client backend' \\watch i=0.05 c=1000`;
/** One that has broken ends by itself, too: on a computer that is busy it begins late. */
const RUN_S_MAX = 180;
const RETRY_MS = 200;

/**
 * Counts from within Postgres' pod, as its superuser, who gets in also when all else is full. It has
 * begun when this resolves: beside fifty backends at work a new program may take minutes to start.
 */
export async function watchBackends(place: Place): Promise<Backends> {
  const command = await countingCommand(place);
  let samples = 0;
  let most = 0;
  let current: ChildProcess | undefined;
  const stopped = new AbortController();
  const follow = async () => {
    while (!stopped.signal.aborted) {
      const child = spawn("timeout", command, { stdio: ["ignore", "pipe", "ignore"] });
      current = child;
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (!/^ *\d+ *$/.test(line)) return;
        samples += 1;
        most = Math.max(most, Number(line));
      });
      await once(child, "close");
      // Postgres has ended, or has not begun.
      if (child.exitCode !== 0) await sleep(RETRY_MS);
    }
  };
  const following = follow();
  await comes(() => samples > 0, true);
  return {
    seen: () => ({ samples, most }),
    stop: async () => {
      stopped.abort();
      current?.kill();
      await following;
    },
  };
}

/** What `timeout` is given: it ends with this process, however that ends. */
async function countingCommand({ namespace, ground }: Place): Promise<readonly string[]> {
  const kubectl = await kubernetesBinary("kubectl");
  const limits = ["--kill-after=1", String(RUN_S_MAX), "setpriv", "--pdeathsig", "KILL"];
  const cluster = ["--kubeconfig", ground.cluster.kubeconfigPath, "--namespace", namespace];
  const script = `${PSQL} <<'END'\n${COUNT}\nEND`;
  return [...limits, kubectl, ...cluster, "exec", POSTGRES_POD, "--", "sh", "-c", script];
}
