import { createHash } from "node:crypto";
import type { KubeClient } from "./client.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { numberAt } from "../json/fields.ts";
import { listPath, microTime, objectPath, readObject, resourceVersionOf } from "./object.ts";
import { isRefusal, KubeError, KubeRefusal, refusal } from "./refusal.ts";
import { startWorkQueue } from "./workQueue.ts";

/** What the API server allows, in bytes. */
const NOTE_BYTES_MAX = 1024;
const NAME_LENGTH_MAX = 253;
/** Different events that may wait for an API server that does not answer. */
const WAITING_MAX = 1000;
const CONCURRENCY = 2;
const BACKOFF = { firstMs: 1000, maxMs: 60_000 };

const KIND = { apiVersion: "events.k8s.io/v1", kind: "Event", plural: "events" };

/** Something that a person should know of an object. */
export interface Occurrence {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    /** Absent for objects of the whole cluster; their events are in `default`. */
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: "Normal" | "Warning";
  /** Why, in one word for machines: `PoolTooLarge`. */
  readonly reason: string;
  /** The action that was done, or that failed, in one word for machines. */
  readonly action: string;
  /**
   * A sentence for people; after 1024 bytes it is cut. Another note is another event: what
   * changes with every second does not belong into it.
   */
  readonly note: string;
}

/** Where events go. */
export interface Events {
  /** Tells of an occurrence, some time soon. It never fails; see `onError`. */
  readonly report: (occurrence: Occurrence) => void;
  /** Waits for the writes under way; events that still wait are dropped. */
  readonly stop: () => Promise<void>;
}

/** The options of an event writer. */
interface EventsOptions {
  readonly client: KubeClient;
  /** A qualified name: `weir.dev/operator`. */
  readonly controller: string;
  /** The pod's name. */
  readonly instance: string;
  /** Called with the reason when an event could not be written; must not throw. */
  readonly onError: (error: unknown) => void;
  readonly runtime: Runtime;
}

/**
 * Writes Events of events.k8s.io/v1. The same occurrence is one Event, which counts in its
 * `series` how often it was reported, also by another process than the first: its name is made of
 * what it says. The API server forgets it some time after the last report: an hour, unless it is
 * told otherwise. Reports that come while an Event is written are one write. When the API server
 * can't be reached they wait, and are counted once it can; a write that was done but not answered
 * may be counted twice. What the API server refuses is not tried again.
 */
export function startEvents({
  client,
  controller,
  instance,
  onError,
  runtime,
}: EventsOptions): Events {
  const waiting = new Map<string, Reported>();
  const work = async (name: string) => {
    const reported = waiting.get(name);
    if (reported === undefined) return;
    waiting.delete(name);
    try {
      const reporter = { reportingController: controller, reportingInstance: instance };
      await writeEvent(client, name, reporter, reported);
    } catch (error) {
      if (!mayPass(error)) return onError(error);
      const later = waiting.get(name);
      waiting.set(name, { ...(later ?? reported), count: reported.count + (later?.count ?? 0) });
      throw error;
    }
  };
  const queue = startWorkQueue({
    work,
    concurrency: CONCURRENCY,
    backoff: BACKOFF,
    onFailure: (_name, error) => onError(error),
    runtime,
  });

  const report = (occurrence: Occurrence) => {
    const name = nameOf(controller, occurrence);
    const count = (waiting.get(name)?.count ?? 0) + 1;
    if (count === 1 && waiting.size >= WAITING_MAX) {
      const { kind, name: about } = occurrence.regarding;
      onError(
        new KubeError(`${WAITING_MAX} events wait already: none is written of ${kind} ${about}`),
      );
      return;
    }
    waiting.set(name, { occurrence, count, lastUs: runtime.epochMs() * 1000 });
    queue.add(name);
  };
  return { report, stop: queue.stop };
}

interface Reported {
  readonly occurrence: Occurrence;
  /** How often since it was written last. */
  readonly count: number;
  readonly lastUs: number;
}

/** Creates the Event, or raises the count of the existing Event. */
async function writeEvent(
  client: KubeClient,
  name: string,
  reporter: Readonly<Record<string, string>>,
  { occurrence, count, lastUs }: Reported,
): Promise<void> {
  const { regarding, type, reason, action, note } = occurrence;
  const place = { ...KIND, namespace: regarding.namespace ?? "default", name };
  const time = microTime(lastUs);
  const made = await client.request({
    method: "POST",
    path: listPath(place),
    body: {
      apiVersion: KIND.apiVersion,
      kind: KIND.kind,
      metadata: { namespace: place.namespace, name },
      eventTime: time,
      ...reporter,
      regarding,
      type,
      reason,
      action,
      note: shortened(note),
      ...(count > 1 && { series: { count, lastObservedTime: time } }),
    },
  });
  if (made.status === 201) return;
  if (!isRefusal(made, 409, "AlreadyExists")) throw refusal(client, "create", place, made);
  const old = await readObject(client, place);
  const counted = await client.request({
    method: "PATCH",
    path: objectPath(place),
    contentType: "application/merge-patch+json",
    body: {
      metadata: { resourceVersion: resourceVersionOf(old) },
      series: { count: (numberAt(old, "series", "count") ?? 1) + count, lastObservedTime: time },
    },
  });
  if (counted.status !== 200) throw refusal(client, "count", place, counted);
}

/** Whether trying again may help: no answer, an overloaded server, somebody who was faster. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof KubeRefusal)) return error instanceof KubeError;
  const { status, reason } = error;
  // Not there any more: forgotten since it was found.
  return status >= 500 || status === 429 || reason === "Conflict" || reason === "NotFound";
}

function nameOf(controller: string, occurrence: Occurrence): string {
  const { regarding, type, reason, action, note } = occurrence;
  const { apiVersion, kind, namespace, name, uid } = regarding;
  const said = [controller, apiVersion, kind, namespace, name, uid, type, reason, action, note];
  const hash = createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 16);
  const begin = name.slice(0, NAME_LENGTH_MAX - hash.length - 1).replace(/[^a-z0-9]+$/, "");
  return `${begin}.${hash}`;
}

function shortened(note: string): string {
  const bytes = new TextEncoder().encode(note);
  if (bytes.length <= NOTE_BYTES_MAX) return note;
  const end = "…";
  const room = NOTE_BYTES_MAX - new TextEncoder().encode(end).length;
  // `stream`: a character that was cut in two is left out.
  return new TextDecoder().decode(bytes.subarray(0, room), { stream: true }) + end;
}
