import type { KubeClient } from "../kube/client.ts";
import type { Listed } from "../kube/list.ts";
import { fieldOf, textAt } from "../kube/fields.ts";
import { writeStatus } from "../kube/status.ts";
import type { CachedObject } from "../observe/observedObject.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { semaphore } from "../runtime/semaphore.ts";
import { statusDifference } from "./statusDifference.ts";
import type { WrittenStatuses } from "./writtenStatuses.ts";

/** A status that one object should have. */
export interface WantedStatus {
  readonly listed: Listed;
  readonly kept: CachedObject<unknown>;
  readonly status: Readonly<Record<string, unknown>>;
}

/** What became of it. */
export type Written =
  | { readonly outcome: "written" | "unchanged" }
  /** Only words differ, and these were written a moment ago. */
  | { readonly outcome: "held"; readonly againInMs: number };

/** Writes statuses, as few as possible. */
export interface StatusWriter {
  /**
   * @throws what the API server said; then nothing is known to be written. Nobody leads any more:
   *   nothing is written, and that is no error
   */
  readonly write: (wanted: WantedStatus) => Promise<Written>;
}

/** What it writes with. */
export interface StatusWriterOptions {
  readonly client: KubeClient;
  readonly written: WrittenStatuses;
  /** Asked right before each write, also before one that is tried again. */
  readonly stillLeading: () => boolean;
  readonly runtime: Runtime;
  readonly onWrite: (kind: string) => void;
}

/** Whose the fields of a status are. */
const FIELD_MANAGER = "weir";
const WRITES_MAX = 8;
/** A message holds numbers that may change every second: it is rewritten no more often than that. */
const MESSAGE_MS_MIN = 30_000;

export function statusWriter({
  client,
  written,
  stillLeading,
  runtime,
  onWrite,
}: StatusWriterOptions): StatusWriter {
  const limit = semaphore(WRITES_MAX);
  const startedMs = runtime.monotonicMs();
  /** By uid: when it was written last. */
  const lastMs = new Map<string, number>();

  const heldMs = (uid: string) => {
    const nowMs = runtime.monotonicMs();
    for (const [each, atMs] of lastMs) if (nowMs - atMs >= MESSAGE_MS_MIN) lastMs.delete(each);
    // What another process wrote before this one led is taken for new, too.
    return (lastMs.get(uid) ?? startedMs) + MESSAGE_MS_MIN - nowMs;
  };
  const put = async ({ listed, kept, status }: WantedStatus): Promise<Written> => {
    const { namespace, name, uid } = kept.observed;
    if (!stillLeading()) return { outcome: "unchanged" };
    const outcome = await writeStatus(client, runtime, {
      place: { ...listed, namespace, name },
      // One that was made anew under its name is another one, and judged by itself. And whoever
      // was faster may be the next leader: its word is newer.
      statusFor: (object) =>
        textAt(fieldOf(object, "metadata"), "uid") === uid && stillLeading()
          ? status
          : fieldOf(object, "status"),
      fieldManager: FIELD_MANAGER,
      ...(!written.isAhead(kept) && { known: kept.object }),
    });
    if (outcome !== "written") return { outcome: "unchanged" };
    lastMs.set(uid, runtime.monotonicMs());
    written.note(kept, status);
    onWrite(listed.kind);
    return { outcome };
  };
  return {
    write: async (wanted) => {
      const difference = statusDifference(written.of(wanted.kept), wanted.status);
      if (difference === "none") return { outcome: "unchanged" };
      const againInMs = difference === "messages" ? heldMs(wanted.kept.observed.uid) : 0;
      if (againInMs > 0) return { outcome: "held", againInMs };
      return limit.take(() => put(wanted));
    },
  };
}
