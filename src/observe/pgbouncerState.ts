import type { PgBouncerState, PgBouncerWindow } from "../model/pgbouncer.ts";
import {
  clientCountsOf,
  configOf,
  databasesOf,
  listCountsOf,
  poolsOf,
  type ShowRow,
} from "../pgbouncer/show.ts";
import { heldTwice, leastOf, mostOf } from "../pgbouncer/held.ts";
import { isOfPool, poolUseOf } from "../pgbouncer/lineLimits.ts";

/** The answers of a console to one round of SHOW commands. */
interface StateRows {
  readonly databases: readonly ShowRow[];
  readonly clients: readonly ShowRow[];
  readonly lists: readonly ShowRow[];
  readonly pools: readonly ShowRow[];
  readonly config: readonly ShowRow[];
}

/** What one sample says, without what earlier ones add to it. */
export type StateSample = Omit<PgBouncerState, "window" | "version" | "address">;

/**
 * @param self the application name of weir's own console
 * @throws ShowError
 */
export function stateSample(rows: StateRows, self: string): StateSample {
  const config = configOf(rows.config);
  const poolsByLine = Map.groupBy(poolsOf(rows.pools), ({ line }) => line);
  return {
    config,
    lines: databasesOf(rows.databases, config).map((line) => ({
      ...line,
      ...poolUseOf(line, poolsByLine.get(line.name) ?? []),
    })),
    clients: clientCountsOf(rows.clients, self),
    ...listCountsOf(rows.lists),
  };
}

/** How long a maximum counts. */
export const WINDOW_MS = 10_000;
/** So many samples in a row, of two processes that are each asked every second, overlap. */
const SAMPLES_IN_ROW = 3;

/** What one sample adds to the window. */
interface Entry {
  readonly atMs: number;
  readonly usedClients: number;
  readonly loggingIn: number;
  readonly lines: readonly (readonly [string, number, number])[];
  readonly addresses: ReadonlyMap<string, number>;
  /** Without those that waited. */
  readonly held: ReadonlyMap<string, number>;
  /** How many were held in the sample before it, too. */
  readonly heldTwice: ReadonlyMap<string, number>;
}

/** The last seconds of one PgBouncer process. */
export function sampleWindow() {
  let entries: readonly Entry[] = [];
  let sinceMs: number | undefined;
  return {
    /** Maxima of the last 10 s, this sample included. */
    add: (sample: StateSample, atMs: number): PgBouncerWindow => {
      sinceMs ??= atMs;
      const startMs = sinceMs;
      const recent = entries.filter((entry) => atMs - entry.atMs < WINDOW_MS);
      const sinceGap = recent.filter((entry) => entry.atMs >= startMs);
      const entry = entryOf(sample, atMs, sinceGap.at(-1));
      entries = [...recent, entry];
      const inRow = [...sinceGap, entry].slice(-SAMPLES_IN_ROW);
      return {
        ...maximaOf(entries, Math.min(WINDOW_MS, atMs - startMs)),
        addressesHeldMin:
          inRow.length < SAMPLES_IN_ROW ? new Map() : leastOf(inRow.map(({ held }) => held)),
      };
    },
    /** It did not answer for a moment: the window is as long as it has answered since. */
    interrupt: () => {
      sinceMs = undefined;
    },
  };
}

/** @param before the sample before it; absent: it did not answer then */
function entryOf(
  { usedClients, loggingIn, lines, clients }: StateSample,
  atMs: number,
  before: Entry | undefined,
): Entry {
  const addresses = new Map<string, number>();
  const held = new Map<string, number>();
  const byLine = new Map<string, number>();
  for (const { address, line, count, waiting } of clients) {
    if (isOfPool({ line })) {
      addTo(addresses, address, count);
      addTo(held, address, count - waiting);
    }
    addTo(byLine, line, count);
  }
  return {
    atMs,
    usedClients,
    loggingIn,
    lines: lines.map(({ name, openClients, openServers }) => [
      name,
      openClients ?? byLine.get(name) ?? 0,
      openServers,
    ]),
    addresses,
    held,
    heldTwice: heldTwice(before?.held, held),
  };
}

function addTo(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function maximaOf(
  entries: readonly Entry[],
  lengthMs: number,
): Omit<PgBouncerWindow, "addressesHeldMin"> {
  const lines = new Map<string, { clientsMax: number; serversMax: number }>();
  for (const entry of entries) {
    for (const [name, clients, servers] of entry.lines) {
      const old = lines.get(name) ?? { clientsMax: 0, serversMax: 0 };
      lines.set(name, {
        clientsMax: Math.max(old.clientsMax, clients),
        serversMax: Math.max(old.serversMax, servers),
      });
    }
  }
  return {
    lengthMs,
    usedClientsMax: Math.max(...entries.map(({ usedClients }) => usedClients)),
    logins: entries.flatMap(({ usedClients, loggingIn }) =>
      loggingIn > 0 ? [{ usedClients, loggingIn }] : [],
    ),
    lines,
    addresses: mostOf(entries.map(({ addresses }) => addresses)),
    addressesHeld: mostOf(entries.map((entry) => entry.heldTwice)),
  };
}
