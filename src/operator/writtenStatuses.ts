import type { CachedObject } from "../observe/observedObject.ts";
import type { ObservedObject } from "../model/budgetSnapshot.ts";

type Status = ObservedObject<unknown>["status"];

/**
 * Statuses that were written a moment ago: until the copy of the cluster has them, they count as
 * the objects' own, so that nothing is written or told twice.
 */
export interface WrittenStatuses {
  readonly of: (kept: CachedObject<unknown>) => Status;
  /** Whether the copy does not have it yet. */
  readonly isAhead: (kept: CachedObject<unknown>) => boolean;
  /** It was written onto this version of the object. */
  readonly note: (kept: CachedObject<unknown>, status: Status) => void;
}

export function writtenStatuses(): WrittenStatuses {
  // A version of an object is kept as one and the same, and forgotten with the next one.
  const written = new WeakMap<CachedObject<unknown>["object"], Status>();
  return {
    of: ({ object, observed }) => written.get(object) ?? observed.status,
    isAhead: ({ object }) => written.has(object),
    note: ({ object }, status) => {
      written.set(object, status);
    },
  };
}
