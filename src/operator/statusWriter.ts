import { isDeepStrictEqual } from "node:util";
import type { ObservedStatus } from "../api/status.ts";
import type { KubeClient } from "../kube/client.ts";
import { fieldOf, isMapping, textAt } from "../json/fields.ts";
import type { Listed } from "../kube/object.ts";
import { writeStatus } from "../kube/status.ts";
import type { CachedObject } from "../observe/observedObject.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { semaphore } from "../runtime/semaphore.ts";

/** A status that one object should have. */
export interface WantedStatus {
  readonly listed: Listed;
  readonly cached: CachedObject<unknown>;
  readonly status: ObservedStatus;
}

/** What became of it. */
export type Written =
  | { readonly outcome: "written" | "unchanged" }
  /** Only words differ, and these were written a moment ago. */
  | { readonly outcome: "held"; readonly againInMs: number };

interface StatusWriterOptions {
  readonly client: KubeClient;
  /** Asked right before each write, also before a repeated write. */
  readonly stillLeading: () => boolean;
  readonly runtime: Runtime;
  readonly onWrite: (kind: string) => void;
}

/** The field manager of a status. */
const FIELD_MANAGER = "weir";
const WRITES_MAX = 8;
/** A message has numbers that may change every second; it is rewritten no more often than this. */
const MESSAGE_MS_MIN = 30_000;

/** Writes statuses, as few as possible. */
export function statusWriter({ client, stillLeading, runtime, onWrite }: StatusWriterOptions) {
  const limit = semaphore(WRITES_MAX);
  const startedMs = runtime.monotonicMs();
  /** By uid: when it was written last. */
  const lastMs = new Map<string, number>();
  /** By the version of an object, which is one and the same until the next one comes. */
  const written = new WeakMap<CachedObject<unknown>["object"], ObservedStatus>();

  // A status that another process wrote before this one led counts as written at the start.
  const heldMs = (uid: string) =>
    (lastMs.get(uid) ?? startedMs) + MESSAGE_MS_MIN - runtime.monotonicMs();
  const noteWritten = (uid: string) => {
    const nowMs = runtime.monotonicMs();
    for (const [each, atMs] of lastMs) if (nowMs - atMs >= MESSAGE_MS_MIN) lastMs.delete(each);
    lastMs.set(uid, nowMs);
  };
  const put = async ({ listed, cached, status }: WantedStatus): Promise<Written> => {
    const { namespace, name, uid } = cached.observed;
    if (!stillLeading()) return { outcome: "unchanged" };
    const outcome = await writeStatus(client, runtime, {
      place: { ...listed, namespace, name },
      // An object that was made anew under its name is another one, and judged by itself. And a
      // process that was faster may be the next leader: its status is newer.
      statusFor: (object) =>
        textAt(fieldOf(object, "metadata"), "uid") === uid && stillLeading()
          ? status
          : fieldOf(object, "status"),
      fieldManager: FIELD_MANAGER,
      ...(!written.has(cached.object) && { known: cached.object }),
    });
    if (outcome !== "written") return { outcome: "unchanged" };
    noteWritten(uid);
    written.set(cached.object, status);
    onWrite(listed.kind);
    return { outcome };
  };
  return {
    /**
     * @throws what the API server said; then nothing is known to be written. When this process does
     *   not lead any more, nothing is written, and that is no error
     */
    write: async (wanted: WantedStatus): Promise<Written> => {
      const { object } = wanted.cached;
      const current = written.get(object) ?? fieldOf(object, "status");
      const difference = statusDifference(current, wanted.status);
      if (difference === "none") return { outcome: "unchanged" };
      const againInMs = difference === "messages" ? heldMs(wanted.cached.observed.uid) : 0;
      if (againInMs > 0) return { outcome: "held", againInMs };
      return limit.acquire(() => put(wanted));
    },
    /**
     * The status of an object. A status that was written a moment ago counts as the object's own until
     * the copy of the cluster has it, so that nothing is written or reported twice.
     */
    statusOf: ({ object, observed }: CachedObject<unknown>) =>
      written.get(object) ?? observed.status,
  };
}

/** How far a status is from the wanted status, both as JSON carries them. */
export function statusDifference(current: unknown, wanted: unknown): "none" | "messages" | "more" {
  if (isDeepStrictEqual(current, wanted)) return "none";
  const before = asSent(current);
  const after = asSent(wanted);
  if (isDeepStrictEqual(before, after)) return "none";
  return isDeepStrictEqual(withoutMessages(before), withoutMessages(after)) ? "messages" : "more";
}

/** Members that are undefined are not there. */
function asSent(status: unknown): unknown {
  return JSON.parse(JSON.stringify(status));
}

function withoutMessages(status: unknown): unknown {
  if (!isMapping(status) || !Array.isArray(status["conditions"])) return status;
  const conditions = status["conditions"].map((condition: unknown) =>
    isMapping(condition) ? { ...condition, message: "" } : condition,
  );
  return { ...status, conditions };
}
