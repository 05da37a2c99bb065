import { z } from "zod";
import { connectionBudgetSchema } from "./connectionBudget.ts";
import type { FieldPath } from "./fieldPath.ts";
import { mcpServerSchema } from "./mcpServer.ts";

/** The kinds of a fleet file. */
export type Kind = "ConnectionBudget" | "McpServer";
export const KINDS: readonly Kind[] = ["ConnectionBudget", "McpServer"];

export function isKind(value: unknown): value is Kind {
  return KINDS.some((kind) => kind === value);
}

/** A JSON schema as zod writes it, as far as messages and CRDs read it. */
export interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly const?: string | number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: FieldSchema | false;
  readonly anyOf?: readonly FieldSchema[];
  /** What `pattern` means, in words; from a zod schema's metadata. */
  readonly allowed?: string;
  readonly format?: string;
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-list-type"?: "map" | "set";
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
  readonly "x-kubernetes-validations"?: readonly unknown[];
}

export const SCHEMAS = { ConnectionBudget: connectionBudgetSchema, McpServer: mcpServerSchema };

const CACHE = new Map<Kind, FieldSchema>();

/** The schema of a kind: what users may write, before defaults. */
export function fieldSchemaOf(kind: Kind): FieldSchema {
  const known = CACHE.get(kind);
  if (known !== undefined) return known;
  const options = { io: "input", unrepresentable: "any" } as const;
  const schema: object = z.toJSONSchema(SCHEMAS[kind], options);
  if (!isObjectSchema(schema)) throw new TypeError(`the schema of ${kind} is not of an object`);
  CACHE.set(kind, schema);
  return schema;
}

function isObjectSchema(schema: object): schema is FieldSchema {
  return "properties" in schema;
}

/** The schema of a field; undefined for a field without a schema. */
export function schemaAt(root: FieldSchema, path: FieldPath): FieldSchema | undefined {
  let schema: FieldSchema | undefined = root;
  for (const segment of path) {
    if (schema === undefined) return undefined;
    if (typeof segment === "number") schema = schema.items;
    else schema = schema.properties?.[segment] ?? (schema.additionalProperties || undefined);
  }
  return schema;
}
