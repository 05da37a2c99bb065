import { answered, eventually, KUBECTL_TIMEOUT } from "./eventually.ts";
import { POSTGRES_POD } from "./fleets.ts";
import type { RunningFleet } from "./runningFleet.ts";
import { untilReady } from "./runningFleet.ts";
import { logMeasured } from "../measured.ts";
import { logStart } from "./log.ts";
import type { Watch } from "./watch.ts";

/** What happens to a fleet. Each resolves when the fleet is whole again. */

const LOOK_MS = 50;
/** The last one lasts 40 s. */
const STOPS = { min: 2, max: 4 };

/** Replaces all pods of all servers, all servers at once, and waits until the old ones are gone. */
export async function restartServers(fleet: RunningFleet, { pods }: Watch): Promise<void> {
  const done = logStart(`${fleet.namespace}: every server is replaced`);
  const old = new Set(pods.ofServers().map(({ name }) => name));
  for (const { name } of fleet.servers) {
    await fleet.kubectl("rollout", "restart", `deployment/${name}`);
  }
  await untilReady(fleet);
  const left = () =>
    pods
      .all()
      .filter(({ name }) => old.has(name))
      .map(({ name }) => name);
  await eventually(left, []);
  done();
}

/** Replaces PgBouncer's processes, one after the other, as Kubernetes does. */
export async function restartPgBouncer(fleet: RunningFleet): Promise<void> {
  const done = logStart(`${fleet.namespace}: every PgBouncer is replaced`);
  await fleet.kubectl("rollout", "restart", "statefulset/writing-pgbouncer");
  await fleet.kubectl("rollout", "status", KUBECTL_TIMEOUT, "statefulset/writing-pgbouncer");
  done();
}

/**
 * Stops Postgres, until something was seen while it was down, four times at most: the kubelet starts
 * it again at once the first time, after ten seconds the second time, and then after twice as long
 * each time.
 *
 * @param isSeen is asked many times a second, and remembers what it saw
 */
export async function restartPostgres(
  fleet: RunningFleet,
  watch: Watch,
  isSeen: () => boolean,
): Promise<void> {
  const done = logStart(`${fleet.namespace}: Postgres is back, and all servers with it`);
  const postgres = () => watch.pods.all().find(({ name }) => name === POSTGRES_POD);
  let stops = 0;
  let seenIn: number | undefined;
  const look = () => {
    const is = isSeen();
    if (is) seenIn ??= stops;
    return is;
  };
  const looking = setInterval(look, LOOK_MS);
  try {
    while (stops < STOPS.min || !look()) {
      if (stops === STOPS.max) throw new Error(`nothing was seen in ${stops} outages of Postgres`);
      stops += 1;
      const before = postgres()?.restarts ?? 0;
      await stopPostgres(fleet);
      await eventually(() => (postgres()?.restarts ?? 0) > before, true);
      await eventually(() => postgres()?.ready, true);
    }
  } finally {
    clearInterval(looking);
  }
  await untilReady(fleet);
  done();
  logMeasured(`${fleet.namespace}: what had to be seen without Postgres was, in outage ${seenIn}`);
}

/** Sets `started`: when the Postgres that runs was started. Its image has little more than a shell. */
const READ_STARTED = '{ read -r _; read -r _; read -r started; } < "$PGDATA/postmaster.pid"';

/**
 * A fast shutdown: sessions end at once, and nothing is lost. With the container ends the command,
 * of which nobody knows then whether it was done: done again, it ends no other Postgres.
 */
async function stopPostgres({ kubectl }: RunningFleet): Promise<void> {
  const inPod = (...script: readonly string[]) =>
    answered(() => kubectl("exec", POSTGRES_POD, "--", "sh", "-euc", ...script));
  const started = await inPod(`${READ_STARTED}; echo "$started"`);
  await inPod(`${READ_STARTED}; [ "$started" != "$0" ] || kill -INT 1`, started.trim());
}

/** For two seconds no statement on a table gets on, as when a migration or a backup holds it up. */
export async function holdUp({ kubectl }: RunningFleet): Promise<void> {
  const lockAll = `DO $$ BEGIN
    EXECUTE (SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', string_agg(relname, ', '))
      FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace);
    PERFORM pg_sleep(2);
  END $$`;
  const psql = ["psql", "--username=postgres", "--dbname=writing", "--no-psqlrc", "--quiet"];
  await kubectl("exec", POSTGRES_POD, "--", ...psql, "--command", lockAll);
}
