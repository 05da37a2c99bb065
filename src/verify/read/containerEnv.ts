import type { SourcePosition } from "../sourcePosition.ts";
import { decodeBase64 } from "./base64.ts";
import type { Field } from "./field.ts";
import { placeholder } from "./placeholders.ts";
import type { Inventory } from "./inventory.ts";
import type { Workload } from "./workloads.ts";

/** A variable of a container. */
export interface Variable {
  readonly name: string;
  /** What can't be known stands in it as a mark: see hidden.ts. */
  readonly value: string;
  /** Where it stands in the container. */
  readonly place: SourcePosition;
  /** Where the value stands, if in another object. */
  readonly from?: SourcePosition;
}

/** The environment of a container. */
export interface Environment {
  readonly variables: ReadonlyMap<string, Variable>;
  /** ConfigMaps and Secrets of envFrom that are not among the objects: `Secret writing/app`. */
  readonly unknown: readonly { readonly name: string; readonly place: SourcePosition }[];
}

const NOTHING: ReadonlyMap<string, Field> = new Map();

/**
 * What a container finds in its environment: envFrom, then env over it, with `$(NAME)` expanded as
 * Kubernetes does: from the variables before it, `$$` for a dollar sign.
 */
export function containerEnv(
  inventory: Inventory,
  workload: Workload,
  container: Field,
): Environment {
  const variables = new Map<string, Variable>();
  const unknown: { name: string; place: SourcePosition }[] = [];
  for (const source of container.at("envFrom").items()) {
    const [kind, reference] = source.at("secretRef").exists
      ? (["Secret", source.at("secretRef")] as const)
      : (["ConfigMap", source.at("configMapRef")] as const);
    const name = reference.at("name").text();
    if (name === undefined) continue;
    const entries = dataOf(inventory, kind, workload.namespace, name);
    if (entries === undefined) {
      if (reference.at("optional").value !== true) {
        unknown.push({ name: `${kind} ${workload.namespace}/${name}`, place: source.place() });
      }
      continue;
    }
    const prefix = source.at("prefix").text() ?? "";
    for (const [key, field] of entries) {
      const value =
        textOf(kind, field) ?? placeholder(`${kind} ${workload.namespace}/${name} ${key}`);
      const variable = { name: prefix + key, value, place: source.place(), from: field.place() };
      variables.set(variable.name, variable);
    }
  }
  for (const entry of container.at("env").items()) {
    const name = entry.at("name").text();
    if (name === undefined) continue;
    const variable = variableOf(inventory, workload, name, entry, variables);
    if (variable !== undefined) variables.set(name, variable);
  }
  return { variables, unknown };
}

function variableOf(
  inventory: Inventory,
  workload: Workload,
  name: string,
  entry: Field,
  before: ReadonlyMap<string, Variable>,
): Variable | undefined {
  const from = entry.at("valueFrom");
  if (!from.exists) {
    const field = entry.at("value");
    const place = field.exists ? field.place() : entry.place();
    return { name, value: expanded(field.text() ?? "", before), place };
  }
  const place = from.place();
  for (const [kind, reference] of [
    ["ConfigMap", from.at("configMapKeyRef")],
    ["Secret", from.at("secretKeyRef")],
  ] as const) {
    if (!reference.exists) continue;
    const [object, key] = [reference.at("name").text() ?? "", reference.at("key").text() ?? ""];
    const data = dataOf(inventory, kind, workload.namespace, object);
    const field = data?.get(key);
    if (field === undefined && reference.at("optional").value === true) return undefined;
    const value = field === undefined ? undefined : textOf(kind, field);
    return {
      name,
      value: value ?? placeholder(`${kind} ${workload.namespace}/${object} ${key}`),
      place,
      ...(field === undefined ? {} : { from: field.place() }),
    };
  }
  return { name, value: fieldValue(workload, from.at("fieldRef", "fieldPath").text()), place };
}

const TEMPLATE_FIELD = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

/** What the downward API puts there. */
function fieldValue(workload: Workload, fieldPath = ""): string {
  if (fieldPath === "metadata.namespace") return workload.namespace;
  const [, mapping = "", name = ""] = TEMPLATE_FIELD.exec(fieldPath) ?? [];
  const value = workload.template.at("metadata", mapping, name).text();
  return (
    value ?? placeholder(fieldPath === "" ? "a resource of the pod" : `the pod's ${fieldPath}`)
  );
}

/** Data of a ConfigMap or Secret by key; undefined when it is not among the objects. */
export function dataOf(
  inventory: Inventory,
  kind: "ConfigMap" | "Secret",
  namespace: string,
  name: string,
): ReadonlyMap<string, Field> | undefined {
  const object = inventory.data(kind, namespace, name);
  if (object === undefined) return undefined;
  const data = object.at("data");
  const over = object.at(kind === "Secret" ? "stringData" : "binaryData");
  return data.exists || over.exists ? new Map([...data.entries(), ...over.entries()]) : NOTHING;
}

/** The text of an entry of `dataOf`; undefined when it is none. */
export function textOf(kind: "ConfigMap" | "Secret", field: Field): string | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  const isEncoded = field.path[0] === (kind === "Secret" ? "data" : "binaryData");
  return isEncoded ? decodeBase64(text) : text;
}

const REFERENCE = /\$(?:\$|\(([A-Za-z_.-][\w.-]*)\))/g;

/** `$(NAME)` from these variables; a name that is not there stays as it is, as in Kubernetes. */
export function expanded(text: string, variables: ReadonlyMap<string, Variable>): string {
  if (!text.includes("$")) return text;
  return text.replace(REFERENCE, (whole, name: string | undefined) =>
    name === undefined ? "$" : (variables.get(name)?.value ?? whole),
  );
}
