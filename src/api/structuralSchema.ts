import type { FieldSchema } from "./fieldSchema.ts";
import { isMapping } from "../json/fields.ts";

/**
 * A schema as a CRD may have it: structural, which is a small part of JSON schema with words of
 * Kubernetes' own. Keys stand in the order in which a reader wants them.
 */
export interface StructuralSchema extends FieldSchema {
  readonly nullable?: true;
}

const INT32_MAX = 2 ** 31 - 1;

/** Keywords that both know, and that mean the same. */
const LIMITS = [
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "maxProperties",
] as const;
const KUBERNETES = [
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-preserve-unknown-fields",
] as const;

/** Turns a schema as zod writes it into a structural one. */
export function structural(schema: FieldSchema): StructuralSchema {
  const validations = schema["x-kubernetes-validations"] ?? [];
  return {
    ...pick(schema, ["description"]),
    ...(schema["x-kubernetes-int-or-string"] ? intOrString(schema) : typed(schema)),
    ...(schema.default === undefined ? {} : { default: filledIn(schema.default, schema) }),
    ...pick(schema, ["required"]),
    ...contents(schema),
    ...pick(schema, KUBERNETES),
    ...(validations.length > 0 ? { "x-kubernetes-validations": validations } : {}),
  };
}

/** The one union that a structural schema knows; limits concern the type they are made for. */
function intOrString({ anyOf = [] }: FieldSchema): StructuralSchema {
  return {
    anyOf: [{ type: "integer" }, { type: "string" }],
    "x-kubernetes-int-or-string": true,
    ...Object.assign({}, ...anyOf.map(limits)),
  };
}

function typed(schema: FieldSchema): StructuralSchema {
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  const type = types.find((each) => each !== "null");
  const options = schema.const === undefined ? schema.enum : [schema.const];
  return {
    ...(type === undefined ? {} : { type }),
    ...(type === "integer" ? { format: integerFormat(schema) } : pick(schema, ["format"])),
    ...(types.includes("null") ? { nullable: true } : {}),
    ...(options === undefined ? {} : { enum: options }),
    ...limits(schema),
  };
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

function integerFormat({ minimum = -Infinity, maximum = Infinity }: FieldSchema): string {
  return minimum >= -INT32_MAX && maximum <= INT32_MAX ? "int32" : "int64";
}

function limits(schema: FieldSchema): StructuralSchema {
  const { minimum = -Infinity, maximum = Infinity } = schema;
  return {
    // Bounds that only say "a safe integer" are zod's own.
    ...(minimum > Number.MIN_SAFE_INTEGER ? { minimum } : {}),
    ...(maximum < Number.MAX_SAFE_INTEGER ? { maximum } : {}),
    ...pick(schema, LIMITS),
  };
}

/** What an object or list holds. That unknown fields are refused needs no word in a CRD. */
function contents(schema: FieldSchema): StructuralSchema {
  const { items, properties, additionalProperties } = schema;
  const isFree = schema["x-kubernetes-preserve-unknown-fields"] === true;
  return {
    ...(items === undefined ? {} : { items: structural(items) }),
    ...(properties === undefined ? {} : { properties: mapValues(properties, structural) }),
    ...(additionalProperties && !isFree
      ? { additionalProperties: structural(additionalProperties) }
      : {}),
  };
}

function mapValues<A, B>(
  values: Readonly<Record<string, A>>,
  change: (value: A) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

function pick<T extends object, K extends keyof T>(
  from: T,
  keys: readonly K[],
): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key];
  return picked;
}
