import { resourceVersionOf } from "../../kube/objectPlace.ts";
import type { Kept } from "../gather/observed.ts";
import type { Observed } from "../snapshot.ts";

type Status = Observed<unknown>["status"];

/**
 * Statuses that were written a moment ago: until the copy of the cluster has them, they count as
 * the objects' own, so that nothing is written or told twice.
 */
export interface WrittenStatuses {
  readonly of: (kept: Kept<unknown>) => Status;
  /** Whether the copy does not have it yet. */
  readonly isAhead: (kept: Kept<unknown>) => boolean;
  /** It was written onto this version of the object. */
  readonly note: (kept: Kept<unknown>, status: Status) => void;
}

export function writtenStatuses(): WrittenStatuses {
  const written = new Map<string, { readonly onto: string; readonly status: Status }>();
  const ahead = ({ object, observed }: Kept<unknown>) => {
    const note = written.get(observed.uid);
    if (note === undefined) return undefined;
    if (note.onto === resourceVersionOf(object)) return note.status;
    written.delete(observed.uid);
    return undefined;
  };
  return {
    of: (kept) => ahead(kept) ?? kept.observed.status,
    isAhead: (kept) => ahead(kept) !== undefined,
    note: ({ object, observed }, status) => {
      written.set(observed.uid, { onto: resourceVersionOf(object), status });
    },
  };
}
