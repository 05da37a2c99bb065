/** Fields of an object of which nothing is known: what is not as expected is not there. */
export type Fields = Readonly<Record<string, unknown>>;

/** A mapping of JSON. */
export function isMapping(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a path: names of fields, and indexes of lists. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, segment) => {
    if (typeof segment === "number") return Array.isArray(found) ? found[segment] : undefined;
    return isMapping(found) && Object.hasOwn(found, segment) ? found[segment] : undefined;
  }, value);
}

/** The mapping at a path of fields; an empty one where there is none. */
export function fieldOf(value: unknown, ...path: readonly string[]): Fields {
  const found = valueAt(value, path);
  return isMapping(found) ? found : {};
}

/** The mappings in the list at a path; none where there is no list. */
export function itemsOf(value: unknown, ...path: readonly string[]): readonly Fields[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found.filter(isMapping) : [];
}

/** The text at a path; undefined where there is none, or an empty one. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The number at a path. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, path);
  return typeof found === "number" ? found : undefined;
}

/** The texts of the mapping at a path, as labels are; what is no text is left out. */
export function textsOf(
  value: unknown,
  ...path: readonly string[]
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fieldOf(value, ...path)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}
