import type { Change } from "./objectStore.ts";

/**
 * Objects by something that they have in common, as they change.
 *
 * @param groupsOf the groups that an object is in
 */
export function objectIndex<T>(groupsOf: (object: T) => readonly string[]) {
  const members = new Map<string, Map<string, T>>();

  const leave = (key: string, old: T) => {
    for (const group of groupsOf(old)) {
      const those = members.get(group);
      those?.delete(key);
      if (those?.size === 0) members.delete(group);
    }
  };
  const join = (key: string, object: T) => {
    for (const group of groupsOf(object)) {
      const those = members.get(group) ?? new Map<string, T>();
      those.set(key, object);
      members.set(group, those);
    }
  };
  return {
    take: (change: Change<T>) => {
      if (change.type !== "added") leave(change.key, change.old);
      if (change.type !== "deleted") join(change.key, change.new);
    },
    get: (group: string): readonly T[] => [...(members.get(group)?.values() ?? [])],
  };
}
