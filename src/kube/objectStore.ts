import type { ObjectIdentity } from "./object.ts";

/** What happened to an object of the store. */
export type Change<T> =
  | { readonly type: "added"; readonly key: string; readonly new: T }
  | { readonly type: "modified"; readonly key: string; readonly old: T; readonly new: T }
  /** `old` is its last known value. */
  | { readonly type: "deleted"; readonly key: string; readonly old: T };

/** An object in the store, reduced to the value that its user wants. */
export interface StoredObject<T> extends ObjectIdentity {
  readonly value: T;
}

/**
 * The last known objects of a kind. A version that arrives twice changes nothing. If an object was
 * deleted and created again under the same name, the store reports a deletion and an addition, even
 * if the event of the deletion never arrived. What writes returns the changes that it makes.
 */
export function objectStore<T>() {
  const objects = new Map<string, StoredObject<T>>();

  const put = (stored: StoredObject<T>): Change<T>[] => {
    const { key, value } = stored;
    const old = objects.get(key);
    if (old?.uid === stored.uid && old.resourceVersion === stored.resourceVersion) return [];
    objects.set(key, stored);
    if (old === undefined) return [{ type: "added", key, new: value }];
    if (old.uid === stored.uid) return [{ type: "modified", key, old: old.value, new: value }];
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
  /** All objects, after events may be missing: an object that is not among them was deleted. */
  const replace = (all: readonly StoredObject<T>[]) => {
    const present = new Set(all.map(({ key }) => key));
    const gone = [...objects.keys()].filter((key) => !present.has(key));
    return [...gone.flatMap(remove), ...all.flatMap(put)];
  };
  return {
    get: (key: string) => objects.get(key),
    all: () => objects.values(),
    put,
    remove,
    replace,
  };
}
