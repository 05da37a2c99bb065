import type { Backoff } from "../runtime/backoff.ts";
import type { KubeClient } from "./client.ts";
import { sleep, type Runtime } from "../runtime/runtime.ts";
import { KubeError, KubeRefusal } from "./refusal.ts";
import { identityOf, isNewer, type KubeObject } from "./object.ts";
import { listAll, type Selection } from "./list.ts";
import { objectStore, type Change, type StoredObject } from "./objectStore.ts";
import { watchObjects, type WatchEvent } from "./watch.ts";

/** An API server sends a bookmark about every minute: a server that sends none for this long is gone. */
const SILENCE_MS_MAX = 150_000;
/** A watch that held this long was well, even when nothing happened. */
const HEALTHY_MS = 10_000;
/** How long a watch is asked for: up to twice as long, so that not all of them end together. */
const WATCH_S_MIN = 300;
const BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000 };
/** A watch that is refused so often in a row is given up, and all is listed again. */
const REFUSALS_MAX = 3;

/**
 * So many watches in a row without a word, and all is listed again: of an API server that was set
 * back to a backup, a watch from a version that is still to come is silent for ever.
 */
const SILENCES_MAX = 2;

/** What to hold a copy of, and what to do with it. */
export interface ReflectOptions<T> {
  readonly client: KubeClient;
  readonly selection: Selection;
  /** Reduces an object to the part that is stored: `withoutManagedFields`, or less. */
  readonly keep: (object: KubeObject) => T;
  /**
   * Told of each change after the store has it, one at a time. It must not throw: an error of it
   * is an error of the program, and ends it.
   */
  readonly onChange: (change: Change<T>) => void;
  /** How long a watch may be silent before it counts as dead; 150 s when absent. */
  readonly silenceMsMax?: number;
  readonly runtime: Runtime;
}

/** How far its copy can be relied upon. */
export interface ReflectorState {
  /** Whether everything was listed once. */
  readonly synced: boolean;
  /** When the API server last said something, on the clock of its runtime. */
  readonly lastContactMs: number | undefined;
  /** Why the last try failed; undefined when the API server said something since. */
  readonly lastError: string | undefined;
}

/** A copy of the objects of a selection that follows the API server. */
export interface Reflector<T> {
  /** @param key `namespace/name`; the name alone when it is in no namespace */
  readonly get: (key: string) => T | undefined;
  readonly all: () => readonly T[];
  /** True once all objects are listed and reported; false when it was stopped before. */
  readonly synced: Promise<boolean>;
  readonly state: () => ReflectorState;
  /** Ends it: it reports nothing any more, and leaves no timer and no connection. */
  readonly stop: () => Promise<void>;
}

/**
 * Lists all objects, then watches from that version on. When a watch ends, the next one continues
 * at the last version. When the API server no longer knows the changes since then, the reflector
 * lists again, and reports only the differences. It never gives up: after a failure it waits, at
 * random up to 0.5 s, then up to 1 s, 2 s and so on up to 30 s ("full jitter").
 */
export function reflect<T>({
  client,
  selection,
  keep,
  onChange,
  silenceMsMax = SILENCE_MS_MAX,
  runtime,
}: ReflectOptions<T>): Reflector<T> {
  const store = objectStore<T>();
  const synced = Promise.withResolvers<boolean>();
  let state: ReflectorState = { synced: false, lastContactMs: undefined, lastError: undefined };
  const stopping = new AbortController();
  const { signal: stopped } = stopping;
  /** Aborts the list or watch that is under way. */
  let attempt = new AbortController();
  /** The version up to which all changes are known; undefined when a list is needed. */
  let known: string | undefined;
  /** Watches in a row without an event. */
  let silences = 0;

  const contact = () => {
    silences = 0;
    state = { ...state, lastContactMs: runtime.monotonicMs(), lastError: undefined };
  };
  const report = (changes: readonly Change<T>[]) => {
    for (const change of changes) if (!stopped.aborted) onChange(change);
  };

  const toStored = (object: KubeObject): StoredObject<T> => {
    const identity = identityOf(object);
    const old = store.get(identity.key);
    // The old value again, so that a list takes no memory for unchanged objects.
    if (old?.uid === identity.uid && old.resourceVersion === identity.resourceVersion) return old;
    return { ...identity, value: keep(object) };
  };
  const list = async () => {
    const { items, resourceVersion } = await listAll(client, selection, toStored, attempt.signal);
    contact();
    known = resourceVersion;
    report(store.replace(items));
    state = { ...state, synced: true };
    synced.resolve(!stopped.aborted);
  };

  const take = (event: WatchEvent, since: string) => {
    // A watch sends events in order: an event that is not newer was reported before.
    if (!isNewer(event.resourceVersion, since)) return;
    known = event.resourceVersion;
    if (event.type === "BOOKMARK") return;
    const { type, object } = event;
    report(type === "DELETED" ? store.remove(identityOf(object).key) : store.put(toStored(object)));
  };
  const follow = async (since: string) => {
    const { signal } = attempt;
    const giveUp = () => {
      silences += 1;
      const silent = `${selection.plural} of ${client.server}: no word for ${silenceMsMax / 1000} s`;
      attempt.abort(new KubeError(silent));
    };
    let forget = runtime.after(silenceMsMax, giveUp);
    try {
      const timeoutS = Math.floor(WATCH_S_MIN * (1 + runtime.random()));
      const from = { resourceVersion: since, timeoutS, signal };
      for await (const event of watchObjects(client, selection, from)) {
        forget();
        forget = runtime.after(silenceMsMax, giveUp);
        contact();
        take(event, known ?? since);
      }
    } finally {
      forget();
    }
  };

  const pause = async (failures: number) => {
    const { firstMs, maxMs } = BACKOFF;
    attempt = new AbortController();
    const waitMs = runtime.random() * Math.min(maxMs, firstMs * 2 ** (failures - 1));
    // Only `stop` ends it before its time.
    await sleep(runtime, waitMs, attempt.signal).catch(() => {});
  };
  const run = async () => {
    let failures = 0;
    while (!stopped.aborted) {
      attempt = new AbortController();
      const startedMs = runtime.monotonicMs();
      const since = known;
      let error: KubeError | undefined;
      try {
        await (since === undefined ? list() : follow(since));
        if (since === undefined) continue;
      } catch (cause) {
        if (stopped.aborted) break;
        if (!(cause instanceof KubeError)) throw cause;
        error = cause;
        state = { ...state, lastError: cause.message };
      }
      const heldMs = runtime.monotonicMs() - startedMs;
      const wasWell = since !== undefined && (known !== since || heldMs >= HEALTHY_MS);
      if (wasWell) failures = 0;
      if (wasWell && error === undefined) continue;
      failures += 1;
      const isOver =
        error instanceof KubeRefusal && (error.status === 410 || failures >= REFUSALS_MAX);
      if (isOver || silences >= SILENCES_MAX) known = undefined;
      await pause(failures);
    }
  };
  const ended = run();
  const stop = async () => {
    stopping.abort();
    synced.resolve(false);
    attempt.abort();
    await ended;
  };
  return {
    get: (key) => store.get(key)?.value,
    all: () => [...store.all()].map(({ value }) => value),
    synced: synced.promise,
    state: () => state,
    stop,
  };
}
