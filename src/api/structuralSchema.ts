import { isMapping, type Fields } from "../json/fields.ts";
import type { FieldSchema } from "./fieldSchema.ts";

const INT32_MAX = 2 ** 31 - 1;

/** The keywords of a structural schema, in the order in which a reader wants them. */
const KEYWORDS = [
  "description",
  "anyOf",
  "x-kubernetes-int-or-string",
  "type",
  "format",
  "nullable",
  "enum",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "maxProperties",
  "default",
  "required",
  "items",
  "properties",
  "additionalProperties",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
] as const;

/**
 * Turns a schema as zod writes it into one as a CRD may have it: structural, which is a small part
 * of JSON schema with words of Kubernetes' own. That unknown fields are refused needs no word in it.
 */
export function structural(schema: FieldSchema): Fields {
  const isUnion = schema["x-kubernetes-int-or-string"] === true;
  // The one union that a structural schema knows; limits concern the type they are made for.
  const limited: FieldSchema = Object.assign({}, ...(isUnion ? (schema.anyOf ?? []) : []), schema);
  const { minimum = -Infinity, maximum = Infinity } = limited;
  const types = [schema.type ?? []].flat();
  const type = types.find((each) => each !== "null");
  const isFree = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const { items, properties, additionalProperties } = schema;
  const words: Partial<Record<(typeof KEYWORDS)[number], unknown>> = {
    ...limited,
    anyOf: isUnion ? [{ type: "integer" }, { type: "string" }] : undefined,
    type,
    format: type === "integer" ? integerFormat(minimum, maximum) : schema.format,
    nullable: types.includes("null") || undefined,
    enum: schema.const === undefined ? schema.enum : [schema.const],
    // Bounds that only say "a safe integer" are zod's own.
    minimum: minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined,
    maximum: maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined,
    default: filledIn(schema.default, schema),
    items: items && structural(items),
    properties:
      properties &&
      Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [name, structural(field)]),
      ),
    additionalProperties:
      additionalProperties && !isFree ? structural(additionalProperties) : undefined,
  };
  return Object.fromEntries(
    KEYWORDS.filter((word) => words[word] !== undefined).map((word) => [word, words[word]]),
  );
}

/** A default with the defaults below it, since the API server asks rules of it as it stands. */
function filledIn(value: unknown, { properties = {} }: FieldSchema): unknown {
  if (!isMapping(value)) return value;
  const below = Object.entries(properties).flatMap(([name, field]) => {
    const own = value[name] ?? field.default;
    return own === undefined ? [] : [[name, filledIn(own, field)]];
  });
  return { ...value, ...Object.fromEntries(below) };
}

function integerFormat(minimum: number, maximum: number): string {
  return minimum >= -INT32_MAX && maximum <= INT32_MAX ? "int32" : "int64";
}
