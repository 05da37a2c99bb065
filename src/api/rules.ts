import { z } from "zod";
import type { FieldPath } from "./fieldPath.ts";

/**
 * What a schema's types cannot say about one object, written once for weir (`holds`) and for the API
 * server (`cel`, in x-kubernetes-validations). They must agree.
 */
type ObjectRule<T> = {
  /** CEL over `self`; true means the object is well. Absent where a keyword of the schema says it. */
  readonly cel?: string;
  /** The allowed values, as a sentence without subject: "must be …". */
  readonly message: string;
  /** The field to point at, below the object that the rule stands on. */
  readonly path: readonly string[];
} & (
  | {
      /** The same as `cel` in TypeScript. */
      holds(value: T): boolean;
    }
  | {
      /** The same for each of many: which ones are not well, below `path`; none means well. */
      violations(value: T): readonly FieldPath[];
    }
);

/** The fields that break a rule, below the object that it stands on. */
export function brokenBy<T>(rule: ObjectRule<T>, value: T): readonly FieldPath[] {
  if ("holds" in rule) return rule.holds(value) ? [] : [rule.path];
  return rule.violations(value).map((path) => [...rule.path, ...path]);
}

/** The rules that stand on a schema; the CRD has them from its metadata. */
const RULES = z.registry<{ readonly rules: readonly ObjectRule<unknown>[] }>();

/**
 * Attaches rules to an object schema: zod checks them after the types, and the CRD, which is made
 * from the schema's metadata, carries them. Their order is the order of the messages.
 */
export function withRules<S extends z.ZodType>(
  schema: S,
  rules: readonly ObjectRule<z.output<S>>[],
): S {
  const ruled = schema
    .superRefine((value, context) => {
      for (const rule of rules) {
        for (const path of brokenBy(rule, value)) {
          context.addIssue({ code: "custom", message: rule.message, path: [...path] });
        }
      }
    })
    .meta({
      "x-kubernetes-validations": rules.flatMap(({ cel, path, message }) =>
        cel === undefined
          ? []
          : [
              {
                rule: cel,
                message: `${path.join(".")} ${message}`,
                fieldPath: `.${path.join(".")}`,
              },
            ],
      ),
    });
  const forAnyObject: readonly ObjectRule<unknown>[] = rules;
  RULES.add(ruled, { rules: forAnyObject });
  return ruled;
}

/** A rule, and the object it stands on. */
export interface PlacedRule {
  readonly at: readonly string[];
  readonly rule: ObjectRule<unknown>;
}

/** All rules of a schema and of the objects in its fields. Rules do not stand within lists. */
export function rulesWithin(schema: z.core.$ZodType, at: readonly string[] = []): PlacedRule[] {
  const own = (RULES.get(schema)?.rules ?? []).map((rule) => ({ at, rule }));
  if (schema instanceof z.ZodObject) {
    const fields: [string, z.core.$ZodType][] = Object.entries(schema.shape);
    return [...own, ...fields.flatMap(([name, field]) => rulesWithin(field, [...at, name]))];
  }
  const wraps =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return wraps ? rulesWithin(schema.unwrap(), at) : own;
}
