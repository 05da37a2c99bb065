import { openConsole, type Console } from "../../protocol/console.ts";
import {
  clientsOf,
  configOf,
  databasesOf,
  isSelf,
  listCountsOf,
  loginsOf,
  poolsOf,
  serversOf,
  versionOf,
  shownClockAheadMs,
  shownTimeMs,
  textOf,
  type ClockReading,
} from "../../pgbouncer/show.ts";
import { clientsIn } from "../causes/window.ts";
import type { UnavailablePart } from "../../model/observation.ts";
import type { LivePgBouncer, PgBouncerSample } from "../../model/pgbouncer.ts";
import { consoleIn, sameProcesses } from "../../pgbouncer/processIdentity.ts";
import type { LoginUrl } from "../../postgres/loginUrl.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { ANSWER_TIMEOUT_MS, type Source } from "./source.ts";

/** A PgBouncer that answered, and the name by which weir's console is known among its clients. */
interface AnsweredPgBouncer {
  readonly pgbouncer: LivePgBouncer;
  readonly consoleName: string;
}

/** What one sample is made of, before it is known what PgBouncer's clock means. */
type Shown = Awaited<ReturnType<typeof ask>>;

/**
 * Logs in to one PgBouncer's console.
 *
 * @throws what PgBouncer, the network or TLS said, or ShowError when it is no PgBouncer
 */
export async function openPgBouncer(
  login: LoginUrl,
  runtime: Runtime,
): Promise<Source<AnsweredPgBouncer>> {
  const console = await openConsole(login, runtime, ANSWER_TIMEOUT_MS);
  try {
    const version = versionOf(await console.show("VERSION"));
    const config = configOf(await console.show("CONFIG"));
    const lines = databasesOf(await console.show("DATABASES"), config);
    const shown: Shown[] = [];
    return {
      sample: async () => void shown.push(await ask(console, runtime)),
      result: () => {
        const last = shown.at(-1);
        if (last === undefined || shown.length < 2) return undefined;
        const self = console.applicationName;
        const clockAheadMs = shownClockAheadMs(shown.flatMap((each) => readingsOf(each, self)));
        const samples = shown.map((each) => sampleOf(each, { clockAheadMs, self }));
        const access = accessOf(login, config, listCountsOf(last.lists).usedClients);
        const { address } = login;
        return {
          pgbouncer: { address, version, config, lines, samples, access },
          consoleName: self,
        };
      },
      close: console.close,
    };
  } catch (error) {
    await console.close();
    throw error;
  }
}

async function ask({ show }: Console, { epochMs }: Runtime) {
  // SHOW CLIENTS is asked after the one moment, and answered before the other.
  const afterMs = epochMs();
  const clients = await show("CLIENTS");
  const beforeMs = epochMs();
  const lists = await show("LISTS");
  const servers = await show("SERVERS");
  const pools = await show("POOLS");
  const stats = await show("STATS");
  return { afterMs, beforeMs, clients, servers, pools, lists, stats };
}

/** The request that was answered with these rows is the last one of weir's own console. */
function readingsOf({ clients, afterMs, beforeMs }: Shown, self: string): readonly ClockReading[] {
  return clients
    .filter((row) => isSelf(row, self))
    .map((row) => ({ shownMs: shownTimeMs(textOf(row, "request_time")), afterMs, beforeMs }));
}

function sampleOf(
  shown: Shown,
  reading: { readonly clockAheadMs: number; readonly self: string },
): PgBouncerSample {
  return {
    atMs: shown.beforeMs,
    ...listCountsOf(shown.lists),
    ...loginsOf(shown.stats),
    clients: clientsOf(shown.clients, shown.servers, reading),
    servers: serversOf(shown.servers, reading),
    pools: poolsOf(shown.pools),
  };
}

/** How weir got in, and what that costs. */
function accessOf(
  { user, host }: LoginUrl,
  config: ReadonlyMap<string, string>,
  used: number,
): string {
  const isIn = (key: string) =>
    (config.get(key) ?? "").split(",").some((name) => name.trim() === user);
  const socket = host.startsWith("/") ? ", over its unix socket" : "";
  const role = !isIn("admin_users") && isIn("stats_users") ? "stats user" : "admin";
  const max = Number(config.get("max_client_conn"));
  const cost =
    used >= max
      ? `PgBouncer is full; a console is let in all the same, and takes 1 of ${max}`
      : `a console takes 1 of max_client_conn ${max}`;
  return `as ${role} ${user}${socket}; ${cost}`;
}

/**
 * Each process once: two URLs may reach the same one, by two names or through a Service, and its
 * clients must not count twice.
 */
export function eachProcessOnce(answered: readonly AnsweredPgBouncer[]): {
  readonly pgbouncers: readonly LivePgBouncer[];
  readonly repeated: readonly UnavailablePart[];
} {
  // By number: two URLs may have one address.
  const same = sameProcesses(
    answered.map(({ pgbouncer, consoleName }, index) => ({
      name: `${index}`,
      consoles: {
        own: [consoleName],
        listed: clientsIn([pgbouncer]).flatMap((client) => consoleIn(client.applicationName) ?? []),
      },
    })),
  );
  const isRepeated = (index: number) => same.has(`${index}`);
  return {
    pgbouncers: answered.flatMap(({ pgbouncer }, index) => (isRepeated(index) ? [] : [pgbouncer])),
    repeated: answered.flatMap(({ pgbouncer }, index) => {
      const earlier = answered[Number(same.get(`${index}`))]?.pgbouncer;
      if (earlier === undefined) return [];
      return [
        {
          what: `PgBouncer ${pgbouncer.address}, another process there`,
          why: `it is the same process as ${earlier.address}, and counted once`,
          next: "name each process by an address of its own: behind a Service or one port with so_reuseport, a login reaches any of them",
        },
      ];
    }),
  };
}
