import { isObject } from "./kubeAnswer.ts";

/**
 * Fields of an object as the API server sent it, of which nothing is known: what is not as
 * expected is not there.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** The mapping at a field; an empty one where there is none. */
export function fieldOf(value: Fields, field: string): Fields {
  const found = value[field];
  return isObject(found) ? found : {};
}

/** The mappings in a list; none where there is no list. */
export function itemsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The text at a field; undefined where there is none, or an empty one. */
export function textAt(value: Fields, field: string): string | undefined {
  const found = value[field];
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The number at a field. */
export function numberAt(value: Fields, field: string): number | undefined {
  const found = value[field];
  return typeof found === "number" ? found : undefined;
}

/** The texts of a mapping, as labels are; what is no text is left out. */
export function textsOf(value: Fields): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}
