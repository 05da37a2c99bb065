import type { ObjectIdentity } from "./object.ts";

/** What happened to an object, as its store saw it. */
export type Change<T> =
  | { readonly type: "added"; readonly key: string; readonly new: T }
  | { readonly type: "modified"; readonly key: string; readonly old: T; readonly new: T }
  /** `old` is the last that was known of it. */
  | { readonly type: "deleted"; readonly key: string; readonly old: T };

/** What is kept of an object. */
export interface StoredObject<T> extends ObjectIdentity {
  readonly value: T;
}

/**
 * The objects of a kind as they were last told. What is told twice changes nothing. An object that
 * was deleted and made anew under its name is deleted and added, also when the deletion itself was
 * never told.
 */
interface ObjectStore<T> {
  readonly get: (key: string) => StoredObject<T> | undefined;
  readonly all: () => IterableIterator<StoredObject<T>>;
  /** @returns the changes this makes, as the others do */
  readonly put: (kept: StoredObject<T>) => readonly Change<T>[];
  readonly remove: (key: string) => readonly Change<T>[];
  /** All there is, after it could not be told what happened: what is not among it was deleted. */
  readonly replace: (all: readonly StoredObject<T>[]) => readonly Change<T>[];
}

/** A store with nothing in it. */
export function objectStore<T>(): ObjectStore<T> {
  const objects = new Map<string, StoredObject<T>>();

  const put = (kept: StoredObject<T>): Change<T>[] => {
    const { key, value } = kept;
    const old = objects.get(key);
    if (old?.uid === kept.uid && old.resourceVersion === kept.resourceVersion) return [];
    objects.set(key, kept);
    if (old === undefined) return [{ type: "added", key, new: value }];
    if (old.uid === kept.uid) return [{ type: "modified", key, old: old.value, new: value }];
    return [
      { type: "deleted", key, old: old.value },
      { type: "added", key, new: value },
    ];
  };
  const remove = (key: string): Change<T>[] => {
    const old = objects.get(key);
    objects.delete(key);
    return old === undefined ? [] : [{ type: "deleted", key, old: old.value }];
  };
  const replace = (all: readonly StoredObject<T>[]) => {
    const present = new Set(all.map(({ key }) => key));
    const gone = [...objects.keys()].filter((key) => !present.has(key));
    return [...gone.flatMap(remove), ...all.flatMap(put)];
  };
  return { get: (key) => objects.get(key), all: () => objects.values(), put, remove, replace };
}
