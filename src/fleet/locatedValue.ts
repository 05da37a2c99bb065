import type { FieldPath } from "../api/fieldPath.ts";

/** A value, and where it and all that is in it stands: offsets from the beginning of a document. */
export interface LocatedValue {
  readonly value: unknown;
  readonly offset: number;
  /** What a mapping or list holds. */
  readonly entries: ReadonlyMap<string | number, LocatedEntry>;
}

export interface LocatedEntry {
  /** Where the field's name is; in a list, where the entry is. */
  readonly nameOffset: number;
  readonly content: LocatedValue;
}

/** Where a field is. One that isn't there is where the nearest parent that is has its name. */
export interface FieldPlace {
  readonly name: number;
  readonly value: number;
}

/** Finds a field below `root`. */
export function placeOf(root: LocatedValue, path: FieldPath): FieldPlace {
  let name = root.offset;
  let content = root;
  for (const segment of path) {
    const entry = content.entries.get(segment);
    if (entry === undefined) return { name, value: name };
    ({ nameOffset: name, content } = entry);
  }
  return { name, value: content.offset };
}
