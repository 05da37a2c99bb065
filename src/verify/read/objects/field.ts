import type { FieldPath } from "../../../api/fieldPath.ts";
import { isMapping, valueAt } from "../../../json/fields.ts";
import type { ManifestObject, SourcePosition } from "../../sourcePosition.ts";

/**
 * A field of an object, there or not; a method with a path reads the field there. Whatever
 * another type stands there than is asked for counts as not there: an API server would refuse it.
 */
export class Field {
  readonly object: ManifestObject;
  readonly path: FieldPath;
  readonly value: unknown;

  private constructor(object: ManifestObject, path: FieldPath, value: unknown) {
    this.object = object;
    this.path = path;
    this.value = value;
  }

  /** The whole object. */
  static of(object: ManifestObject): Field {
    return new Field(object, [], object.value);
  }

  /** What an object doesn't say itself, at the place that would. */
  static byDefault(object: ManifestObject, path: FieldPath, value: number | boolean): Field {
    return new Field(object, path, value);
  }

  at(...segments: FieldPath): Field {
    return new Field(this.object, [...this.path, ...segments], valueAt(this.value, segments));
  }

  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  text(...path: FieldPath): string | undefined {
    const value = valueAt(this.value, path);
    return typeof value === "string" ? value : undefined;
  }

  /** A text, a number or a boolean, as text. */
  scalar(...path: FieldPath): string | undefined {
    const value = valueAt(this.value, path);
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? `${value}`
      : undefined;
  }

  /** A number, as it may also stand in a text: `port: "5432"`. */
  count(...path: FieldPath): number | undefined {
    const value = valueAt(this.value, path);
    if (typeof value === "string") return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
    const isCount = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    return isCount ? value : undefined;
  }

  /** The items of a list. */
  items(...path: FieldPath): readonly Field[] {
    const list = this.at(...path);
    return Array.isArray(list.value) ? list.value.map((_, index) => list.at(index)) : [];
  }

  /** The entries of a mapping. */
  entries(...path: FieldPath): readonly (readonly [string, Field])[] {
    const mapping = this.at(...path);
    if (!isMapping(mapping.value)) return [];
    return Object.keys(mapping.value).map((name) => [name, mapping.at(name)] as const);
  }

  /** The texts of a mapping: labels, annotations, a selector. */
  texts(...path: FieldPath): ReadonlyMap<string, string> {
    return new Map(
      this.entries(...path).flatMap(([name, field]) => {
        const text = field.scalar();
        return text === undefined ? [] : [[name, text] as const];
      }),
    );
  }

  /** @param key within a text, see SourcePosition */
  place(key?: string): SourcePosition {
    const { object, path } = this;
    return { object, path, ...(key !== undefined && { key }) };
  }
}
