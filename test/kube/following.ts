import type { Change } from "../../src/kube/objectStore.ts";

/** What a reflector told, and whether each word of it could follow from those before. */
export interface Following {
  readonly onChange: (change: Change<string>) => void;
  /** `added a`, in their order. */
  readonly told: readonly string[];
  /** What is there by what was told, in order. */
  readonly objects: () => readonly string[];
  /** Changes that can't be: of what was not there, of what was not so, of what changed nothing. */
  readonly wrong: readonly string[];
}

/** Follows what a reflector tells, and nothing else. */
export function following(): Following {
  const objects = new Map<string, string>();
  const told: string[] = [];
  const wrong: string[] = [];
  const onChange = (change: Change<string>) => {
    const { type, key } = change;
    told.push(`${type} ${key}`);
    const known = objects.get(key);
    const old = type === "added" ? undefined : change.old;
    const now = type === "deleted" ? undefined : change.new;
    if (known !== old || old === now) wrong.push(`${type} ${key}: ${known} ${old} ${now}`);
    if (now === undefined) objects.delete(key);
    else objects.set(key, now);
  };
  return { onChange, told, wrong, objects: () => [...objects.values()].toSorted() };
}
