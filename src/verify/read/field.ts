import type { FieldPath } from "../../api/fieldPath.ts";
import { isMapping } from "../../api/objectName.ts";
import type { ManifestObject, SourcePosition } from "../sourcePosition.ts";

/**
 * A field of an object, there or not. Whatever another type stands there than is asked for counts
 * as not there: an API server would refuse it.
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

  /** A number that an object doesn't say itself, at the place that would. */
  static number(object: ManifestObject, path: FieldPath, value: number): Field {
    return new Field(object, path, value);
  }

  at(...segments: FieldPath): Field {
    let value = this.value;
    for (const segment of segments) value = child(value, segment);
    return new Field(this.object, [...this.path, ...segments], value);
  }

  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  text(): string | undefined {
    return typeof this.value === "string" ? this.value : undefined;
  }

  /** A number, as it may also stand in a text: `port: "5432"`. */
  count(): number | undefined {
    if (typeof this.value === "string" && /^\d{1,15}$/.test(this.value)) return Number(this.value);
    const { value } = this;
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : undefined;
  }

  /** What a list holds. */
  items(): readonly Field[] {
    if (!Array.isArray(this.value)) return [];
    return this.value.map(
      (value: unknown, index) => new Field(this.object, [...this.path, index], value),
    );
  }

  /** What a mapping holds. */
  entries(): readonly (readonly [string, Field])[] {
    const { value } = this;
    if (!isMapping(value)) return [];
    return Object.keys(value).map((name) => [name, this.at(name)] as const);
  }

  /** The texts of a mapping: labels, annotations, a selector. */
  texts(): ReadonlyMap<string, string> {
    return new Map(
      this.entries().flatMap(([name, { value }]) =>
        typeof value === "string" || typeof value === "number" || typeof value === "boolean"
          ? [[name, String(value)] as const]
          : [],
      ),
    );
  }

  /** @param key within a text, see SourcePosition */
  place(key?: string): SourcePosition {
    const { object, path } = this;
    return key === undefined ? { object, path } : { object, path, key };
  }
}

function child(value: unknown, segment: string | number): unknown {
  if (typeof segment === "number") {
    return Array.isArray(value) ? (value[segment] as unknown) : undefined;
  }
  return isMapping(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
}
