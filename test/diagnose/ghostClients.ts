// Runs alone in a network namespace (namespaces.ts): a Postgres, a PgBouncer, and two pods, each in
// a network of its own. One asks and asks; the other asks nothing, and then its link goes down.
// What weir says before and after is written to stdout, a line of JSON each.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { diagnose } from "../../src/diagnose/diagnose.ts";
import { THRESHOLDS } from "../../src/diagnose/causes/thresholds.ts";
import type { LiveSystem } from "../../src/model/liveSystem.ts";
import type { RunningProcess } from "../../tools/processes/processes.ts";
import { startPostgres } from "../parts/postgres.ts";
import { workloadOf } from "./actors.ts";
import { consoleUrl, gather, PASSWORDS, startForeignPgBouncer } from "./foreignPgBouncer.ts";
import { startLoopback, startNeighbour } from "./namespaces.ts";

/** SHOW CLIENTS tells seconds, rounded down. */
const CLOCK_MS = 1_000;
const POOL_MAX = 7;

await startLoopback();
const [lively, dying] = [await startNeighbour(1), await startNeighbour(2)];
const postgres = await startPostgres();
await postgres.query(`CREATE ROLE app LOGIN PASSWORD '${PASSWORDS.app}'`);
const bouncer = await startForeignPgBouncer({
  postgres,
  settings: { listen_addr: `127.0.0.1,${lively.here},${dying.here}` },
});
const program = fileURLToPath(new URL("podProgram.ts", import.meta.url));
const processes: RunningProcess[] = [];
for (const [pod, isLively] of [
  [lively, true],
  [dying, false],
] as const) {
  const running = await pod.start(process.execPath, [program], {
    PGHOST: pod.here,
    PGPORT: String(bouncer.port),
    PGUSER: "app",
    PGPASSWORD: PASSWORDS.app,
    PGDATABASE: "app",
    POOL_MAX: String(POOL_MAX),
    LIVELY: String(isLively),
  });
  await running.untilLogged(/open/);
  processes.push(running);
}
await sleep(THRESHOLDS.ghostSilentMs + CLOCK_MS);
tell("before", await look());
await dying.cut();
const after = await look();
tell("probed", after);
// Without the probe, a cluster tells that no pod has that address any more.
const { pgbouncers, unavailable } = after;
const unprobed = { pgbouncers, unavailable };
const pods = [{ name: "lively", address: lively.address }];
tell("unprobed", unprobed);
tell("pods", { ...unprobed, workloads: [workloadOf("author", { peakPods: 2 }, ...pods)] });
// With no neighbour that answers, it may be that this machine has no way there.
await processes[0]?.stop("SIGKILL");
tell("alone", await look());
await bouncer.stop();
await postgres.stop();
process.exit();

function look(): Promise<LiveSystem> {
  return gather({ pgbouncers: [consoleUrl(bouncer, "eye")], windowMs: 1_000, intervalMs: 250 });
}

function tell(when: string, live: LiveSystem): void {
  const { causes } = diagnose(live);
  process.stdout.write(`${JSON.stringify({ when, causes })}\n`);
}
