import { openConsole, type Console } from "../../pgbouncer/console.ts";
import {
  shownClockAheadMs,
  shownTimeMs,
  textOf,
  versionIn,
  type ClockReading,
  type ShowRow,
} from "../../pgbouncer/showRows.ts";
import type { LivePgBouncer, PgBouncerSample } from "../../model/pgbouncer.ts";
import { ANSWER_TIMEOUT_MS, type Source } from "../../model/source.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { LoginUrl } from "../../postgres/loginUrl.ts";
import {
  clientsOf,
  configOf,
  isSelf,
  linesOf,
  loggingInOf,
  loginsOf,
  poolsOf,
  serversOf,
  usedClientsOf,
} from "../../pgbouncer/liveRows.ts";

/** What one sample is made of, before it is known what PgBouncer's clock means. */
interface Shown {
  /** SHOW CLIENTS was asked after the one moment, and answered before the other. */
  readonly afterMs: number;
  readonly beforeMs: number;
  readonly clients: readonly ShowRow[];
  readonly servers: readonly ShowRow[];
  readonly pools: readonly ShowRow[];
  readonly lists: readonly ShowRow[];
  readonly stats: readonly ShowRow[];
}

/** A PgBouncer that answers. */
export interface PgBouncerSource extends Source<LivePgBouncer> {
  /** Tells weir's console from every other client of that process. */
  readonly consoleName: string;
}

/**
 * Logs in to one PgBouncer's console.
 *
 * @throws what PgBouncer, the network or TLS said, or ShowError when it is no PgBouncer
 */
export async function openPgBouncer(login: LoginUrl, runtime: Runtime): Promise<PgBouncerSource> {
  const console = await openConsole(login, runtime, ANSWER_TIMEOUT_MS);
  try {
    const version = versionIn(textOf((await console.show("VERSION"))[0] ?? {}, "version"));
    const config = configOf(await console.show("CONFIG"));
    const lines = linesOf(await console.show("DATABASES"), config);
    const shown: Shown[] = [];
    return {
      consoleName: console.applicationName,
      sample: async () => void shown.push(await ask(console, runtime)),
      told: () => {
        const last = shown.at(-1);
        if (last === undefined || shown.length < 2) return undefined;
        const self = console.applicationName;
        const clockAheadMs = shownClockAheadMs(shown.flatMap((each) => readingsOf(each, self)));
        const samples = shown.map((each) => sampleOf(each, { clockAheadMs, self }));
        const full = usedClientsOf(last.lists);
        return {
          address: login.address,
          version,
          config,
          lines,
          samples,
          access: accessOf(login, config, full),
        };
      },
      close: console.close,
    };
  } catch (error) {
    await console.close();
    throw error;
  }
}

async function ask(console: Console, { epochMs }: Runtime): Promise<Shown> {
  const afterMs = epochMs();
  const clients = await console.show("CLIENTS");
  const beforeMs = epochMs();
  const lists = await console.show("LISTS");
  const servers = await console.show("SERVERS");
  const pools = await console.show("POOLS");
  const stats = await console.show("STATS");
  return { afterMs, beforeMs, clients, servers, pools, lists, stats };
}

/** The request that was answered with these rows is the last one of weir's own console. */
function readingsOf({ clients, afterMs, beforeMs }: Shown, self: string): readonly ClockReading[] {
  return clients
    .filter((row) => isSelf(row, { self }))
    .map((row) => ({ shownMs: shownTimeMs(textOf(row, "request_time")), afterMs, beforeMs }));
}

function sampleOf(
  shown: Shown,
  reading: { readonly clockAheadMs: number; readonly self: string },
): PgBouncerSample {
  return {
    atMs: shown.beforeMs,
    usedClients: usedClientsOf(shown.lists),
    loggingIn: loggingInOf(shown.lists),
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
