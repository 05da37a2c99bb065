import { comes } from "./comes.ts";
import { POSTGRES_POD } from "./fleets.ts";
import type { Place } from "./place.ts";
import { untilReady } from "./place.ts";
import { say } from "./say.ts";
import type { Watch } from "./watch.ts";

/** What happens to a fleet. Each resolves when the fleet is whole again. */

/** Replaces all pods of all servers, all servers at once, and waits until the old ones are gone. */
export async function restartServers(place: Place, { pods }: Watch): Promise<void> {
  const done = say(`${place.namespace}: every server is replaced`);
  const old = new Set(pods.ofServers().map(({ name }) => name));
  for (const { name } of place.servers) {
    await place.kubectl("rollout", "restart", `deployment/${name}`);
  }
  await untilReady(place);
  const left = () =>
    pods
      .all()
      .filter(({ name }) => old.has(name))
      .map(({ name }) => name);
  await comes(left, []);
  done();
}

/** Replaces PgBouncer's processes, one after the other, as Kubernetes does. */
export async function restartPgBouncer(place: Place): Promise<void> {
  const done = say(`${place.namespace}: every PgBouncer is replaced`);
  await place.kubectl("rollout", "restart", "statefulset/writing-pgbouncer");
  await place.kubectl("rollout", "status", "--timeout=600s", "statefulset/writing-pgbouncer");
  done();
}

/**
 * Stops Postgres twice: the kubelet starts it again at once the first time, and after ten seconds
 * the second time.
 *
 * @param meanwhile what has to be seen while it is down
 */
export async function restartPostgres(
  place: Place,
  watch: Watch,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const done = say(`${place.namespace}: Postgres is back, and all servers with it`);
  const postgres = () => watch.pods.all().find(({ name }) => name === POSTGRES_POD);
  const before = postgres()?.restarts ?? 0;
  for (const stops of [1, 2]) {
    await stopPostgres(place);
    if (stops === 2) await meanwhile();
    await comes(() => postgres()?.restarts, before + stops);
    await comes(() => postgres()?.ready, true);
  }
  await untilReady(place);
  done();
}

/** A fast shutdown: sessions end at once, and nothing is lost. */
async function stopPostgres({ kubectl }: Place): Promise<void> {
  await kubectl("exec", POSTGRES_POD, "--", "sh", "-c", "kill -INT 1");
}

/** For two seconds no statement on a table gets on, as when a migration or a backup holds it up. */
export async function holdUp({ kubectl }: Place): Promise<void> {
  const lockAll = `DO $$ BEGIN
    EXECUTE (SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', string_agg(relname, ', '))
      FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace);
    PERFORM pg_sleep(2);
  END $$`;
  const psql = ["psql", "--username=postgres", "--dbname=writing", "--no-psqlrc", "--quiet"];
  await kubectl("exec", POSTGRES_POD, "--", ...psql, "--command", lockAll);
}
