import type { FieldSchema } from "../api/fieldSchema.ts";

/** What a field may be, as a sentence without subject: `must be a whole number from 1 to 9`. */
export function allowedBy(schema: FieldSchema): string {
  return `must be ${kindsOf(schema)}`;
}

/** `a`, `a or b`, `a, b or c`. */
export function orList(words: readonly string[]): string {
  const [last = "", ...others] = words.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(", ")} or ${last}`;
}

function kindsOf(schema: FieldSchema): string {
  if (schema.anyOf !== undefined) return orList(schema.anyOf.map(kindsOf));
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return orList(schema.enum.map(String));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  return orList(types.map((type) => kindOf(type, schema)));
}

function kindOf(type: string, schema: FieldSchema): string {
  switch (type) {
    case "integer":
      return `a whole number${between(schema.minimum, schema.maximum)}`;
    case "number":
      return `a number${between(schema.minimum, schema.maximum)}`;
    case "boolean":
      return "true or false";
    case "string":
      return text(schema);
    case "array":
      return `a list${sized(schema.minItems, schema.maxItems, "entries")}`;
    case "object":
      return mapping(schema);
    default:
      return type;
  }
}

function text({ minLength, maxLength, allowed }: FieldSchema): string {
  const size = sized(minLength, maxLength, "characters");
  return allowed === undefined ? `text${size}` : `${allowed}${size === "" ? "" : `,${size}`}`;
}

function mapping({ properties, required = [], maxProperties }: FieldSchema): string {
  if (properties === undefined) return `a mapping${sized(0, maxProperties, "fields")}`;
  const names = required.length > 0 ? required : Object.keys(properties);
  return `a mapping with ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`;
}

/** Bounds that only say "a safe integer" are none. */
function between(least = -Infinity, most = Infinity): string {
  const lowest = least <= Number.MIN_SAFE_INTEGER ? undefined : least;
  const highest = most >= Number.MAX_SAFE_INTEGER ? undefined : most;
  if (lowest !== undefined && highest !== undefined) return ` from ${lowest} to ${highest}`;
  if (lowest !== undefined) return ` of at least ${lowest}`;
  return highest === undefined ? "" : ` of at most ${highest}`;
}

function sized(least = 0, most = Infinity, unit: string): string {
  if (least > 0 && most < Infinity) return ` of ${least} to ${most} ${unit}`;
  if (least > 0) return ` of at least ${least} ${unit}`;
  return most < Infinity ? ` of at most ${most} ${unit}` : "";
}
