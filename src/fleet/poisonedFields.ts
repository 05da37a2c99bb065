import { isWithin, type FieldPath } from "../api/fieldPath.ts";

/** Thrown where somebody reads a field that is known to be wrong; caught by `ifSound`. */
class Unsound extends Error {}

/**
 * The value, but reading a field at or below one of the `unsound` paths ends the computation that
 * `ifSound` runs. So a rule is asked of an object that is wrong elsewhere, and only then.
 */
export function poisonFields<T>(value: T, unsound: readonly FieldPath[]): T {
  if (unsound.length === 0 || typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const content: unknown = Reflect.get(target, key);
      if (typeof key === "symbol") return content;
      const segment = Array.isArray(target) && /^\d+$/.test(key) ? Number(key) : key;
      if (unsound.some((path) => isWithin([segment], path))) throw new Unsound();
      return poisonFields(content, below(unsound, segment));
    },
  });
}

/** What `compute` gives; undefined when it read a field that is wrong. */
export function unlessPoisoned<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Unsound) return undefined;
    throw error;
  }
}

function below(paths: readonly FieldPath[], segment: string | number): FieldPath[] {
  return paths.filter((path) => path[0] === segment).map((path) => path.slice(1));
}
