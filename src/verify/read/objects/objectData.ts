import { Template } from "../../template.ts";
import { Field } from "./field.ts";
import type { Inventory } from "./inventory.ts";

/** The entries of a ConfigMap or Secret by their keys; undefined where it is not among the objects. */
export function dataOf(
  inventory: Inventory,
  kind: "ConfigMap" | "Secret",
  namespace: string,
  name: string,
): ReadonlyMap<string, Field> | undefined {
  const object = inventory.find("", kind, namespace, name);
  if (object === undefined) return undefined;
  const root = Field.of(object);
  const over = kind === "Secret" ? "stringData" : "binaryData";
  return new Map([...root.entries("data"), ...root.entries(over)]);
}

/** The text of an entry of a ConfigMap or Secret; undefined when it is none, or is not all known. */
export function textOf(field: Field): string | undefined {
  if (field.value instanceof Template) return field.value.known;
  const text = field.text();
  if (text === undefined) return undefined;
  const isEncoded = field.path[0] === (field.object.kind === "Secret" ? "data" : "binaryData");
  return isEncoded ? decodeBase64(text) : text;
}

/** The text of an entry, of which parts may be unknown; undefined when it is none. */
export function templateOf(field: Field): Template | undefined {
  if (field.value instanceof Template) return field.value;
  const text = textOf(field);
  return text === undefined ? undefined : Template.of(text);
}

/** The UTF-8 text that base64 holds; undefined when it holds none. */
export function decodeBase64(encoded: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(encoded.trim()), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
