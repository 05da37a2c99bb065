import { isMapping, type Fields } from "../../../json/fields.ts";
import { goYaml, valueOf } from "../documents/goYaml.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { decodeBase64 } from "../objects/objectData.ts";

/** What Flux puts in place of `${NAME}`. */
export interface FluxVariables {
  readonly values: ReadonlyMap<string, string>;
  /** Whether these are all: then the default of any other counts. */
  readonly isWhole: boolean;
}

/**
 * The variables of Flux's Kustomization.
 *
 * Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
 *
 * @param find the ConfigMaps or Secrets of that name beside it: clusters may have one each
 * @returns undefined where it puts nothing in
 */
export function fluxVariables(
  kustomization: ManifestObject,
  find: (kind: string, name: string) => readonly ManifestObject[],
): FluxVariables | undefined {
  const postBuild = Field.of(kustomization).at("spec", "postBuild");
  if (!postBuild.exists) return undefined;
  const values = new Map<string, string>();
  let isWhole = true;
  for (const source of postBuild.items("substituteFrom")) {
    const objects = find(source.text("kind") ?? "", source.text("name") ?? "");
    if (objects.length === 0) {
      // It may hold any of those before it too.
      values.clear();
      isWhole = false;
    }
    const entries = objects.flatMap(dataOf);
    for (const [name, value] of entries) {
      // What only one cluster's has is meant for that one.
      const isSure = entries.every(([other, otherValue]) => other !== name || otherValue === value);
      if (value !== undefined && isSure) values.set(name, value);
      else {
        values.delete(name);
        isWhole = false;
      }
    }
  }
  for (const [name, field] of postBuild.entries("substitute")) {
    const value = field.scalar();
    if (value !== undefined && !value.includes("${")) values.set(name, value);
    else {
      values.delete(name);
      isWhole = false;
    }
  }
  return { values, isWhole };
}

/** The entries of a ConfigMap or Secret; undefined: what SOPS or another variable hides. */
function dataOf(object: ManifestObject): readonly (readonly [string, string | undefined])[] {
  const root = Field.of(object);
  const isEncoded = object.kind === "Secret";
  return [
    ...root.entries("data").map(([name, field]) => {
      const text = field.scalar();
      return [name, text !== undefined && isEncoded ? decodeBase64(text) : text] as const;
    }),
    ...root.entries("stringData").map(([name, field]) => [name, field.scalar()] as const),
  ].map(([name, text]) => [name, text === undefined || HIDDEN.test(text) ? undefined : text]);
}

const HIDDEN = /^ENC\[|\$\{/;

/** Where fields hold texts, whatever is put in. */
const TEXTS: ReadonlySet<string> = new Set([
  "metadata",
  "data",
  "stringData",
  "env",
  "args",
  "command",
  "substitute",
]);

/** The value with what is known put into its texts. */
export function withVariables(value: Fields, variables: FluxVariables): Fields {
  const filled = (one: unknown, isText: boolean): unknown => {
    if (typeof one === "string") {
      if (!one.includes("${")) return one;
      const text = filledText(one, variables);
      return isText || text === one || text.includes("\n") ? text : typed(text);
    }
    if (Array.isArray(one)) return one.map((item) => filled(item, isText));
    if (!isMapping(one)) return one;
    return Object.fromEntries(
      Object.entries(one).map(([name, field]) => [name, filled(field, isText || TEXTS.has(name))]),
    );
  };
  const result = filled(value, false);
  return isMapping(result) ? result : value;
}

/** `${NAME}`, `${NAME:=default}`, `${NAME:-default}`, none of them within its default. */
const VARIABLE = /(?<!\$)\$\{(\w+)(?:(:?[=-])([^${}]*))?\}/g;

function filledText(text: string, { values, isWhole }: FluxVariables): string {
  let before = text;
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    const after = before.replace(
      VARIABLE,
      (found, name: string, how?: string, byDefault?: string) => {
        const value = values.get(name);
        if (value !== undefined && (value !== "" || how?.startsWith(":") !== true)) return value;
        const isDefault = byDefault !== undefined && (isWhole || value === "");
        return isDefault ? byDefault : found;
      },
    );
    if (after === before) break;
    before = after;
  }
  return before;
}

/** Defaults stand in defaults; none deeper. */
const DEPTH_MAX = 5;

/** A number, a list or a boolean where the text is one: it is put in before YAML is read. */
function typed(text: string): unknown {
  if (!/^(?:\d+|true|false|\[.*\])$/.test(text)) return text;
  const [document] = goYaml(text).documents;
  return document === undefined || document.errors.length > 0 ? text : valueOf(document);
}
