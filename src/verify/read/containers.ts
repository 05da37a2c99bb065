import type { SourcePosition } from "../sourcePosition.ts";
import { Template } from "../template.ts";
import type {
  Argument,
  Container,
  Environment,
  ContainerFile,
  ContainerFiles,
  Variable,
  EnvironmentVariables,
} from "../workload.ts";
import { Field } from "./field.ts";
import type { Inventory } from "./inventory.ts";

/** A pod's template, and where its ConfigMaps and Secrets are found. */
interface PodTemplate {
  readonly namespace: string;
  /** metadata and spec of the pods. */
  readonly template: Field;
  readonly inventory: Inventory;
}

/** The containers of a pod, in the order they start. */
export function containersOf(pod: PodTemplate): readonly Container[] {
  const spec = pod.template.at("spec");
  return [
    ...spec
      .items("initContainers")
      .map((field) =>
        containerOf(pod, field, field.at("restartPolicy").value === "Always" ? "sidecar" : "init"),
      ),
    ...spec.items("containers").map((field) => containerOf(pod, field, "app")),
  ];
}

function containerOf(pod: PodTemplate, field: Field, role: Container["role"]): Container {
  const environment = environmentOf(pod, field);
  const { variables } = environment;
  const [command, args, image] = [field.at("command"), field.at("args"), field.at("image")];
  const written = [args, command, field].find(({ exists }) => exists) ?? field;
  return {
    name: field.text("name") ?? "",
    place: field.place(),
    role,
    image: image.text() ?? "",
    imagePlace: image.place(),
    command: argumentsIn(command, variables),
    args: argumentsIn(args, variables),
    argsPlace: written.place(),
    environment,
    files: mountedFiles(pod, field, variables),
    ports: field.items("ports").flatMap((port) => {
      const number = port.count("containerPort");
      return number === undefined ? [] : [[port.text("name") ?? `${number}`, number]];
    }),
  };
}

function argumentsIn(list: Field, variables: EnvironmentVariables): readonly Argument[] {
  return list.items().flatMap((item) => {
    const text = item.text();
    return text === undefined ? [] : [{ text: expanded(text, variables), place: item.place() }];
  });
}

/**
 * What a container finds in its environment: envFrom, then env over it, with `$(NAME)` expanded as
 * Kubernetes does: from the variables before it, `$$` for a dollar sign.
 */
function environmentOf(pod: PodTemplate, container: Field): Environment {
  const { namespace } = pod;
  const variables = new Map<string, Variable>();
  const unknown: { name: string; place: SourcePosition }[] = [];
  for (const source of container.items("envFrom")) {
    const [kind, reference] = source.at("secretRef").exists
      ? (["Secret", source.at("secretRef")] as const)
      : (["ConfigMap", source.at("configMapRef")] as const);
    const name = reference.text("name");
    if (name === undefined) continue;
    const entries = dataOf(pod, kind, name);
    if (entries === undefined) {
      if (reference.at("optional").value !== true) {
        unknown.push({ name: `${kind} ${namespace}/${name}`, place: source.place() });
      }
      continue;
    }
    const prefix = source.text("prefix") ?? "";
    for (const [key, field] of entries) {
      const value = valueOf(`${kind} ${namespace}/${name} ${key}`, textOf(kind, field));
      const variable = { name: prefix + key, value, place: source.place(), from: field.place() };
      variables.set(variable.name, variable);
    }
  }
  for (const entry of container.items("env")) {
    const name = entry.text("name");
    if (name === undefined) continue;
    const variable = variableOf(pod, name, entry, variables);
    if (variable !== undefined) variables.set(name, variable);
  }
  return { variables, unknown };
}

function variableOf(
  pod: PodTemplate,
  name: string,
  entry: Field,
  before: EnvironmentVariables,
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
    const [object, key] = [reference.text("name") ?? "", reference.text("key") ?? ""];
    const field = dataOf(pod, kind, object)?.get(key);
    if (field === undefined && reference.at("optional").value === true) return undefined;
    const text = field === undefined ? undefined : textOf(kind, field);
    return {
      name,
      value: valueOf(`${kind} ${pod.namespace}/${object} ${key}`, text),
      place,
      ...(field === undefined ? {} : { from: field.place() }),
    };
  }
  return { name, value: fieldValue(pod, from.text("fieldRef", "fieldPath")), place };
}

/** What stands in a text for the name of the pod. */
export const POD_NAME = "the pod's metadata.name";

const TEMPLATE_FIELD = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

/** What the downward API puts there. */
function fieldValue({ namespace, template }: PodTemplate, fieldPath = ""): Template {
  if (fieldPath === "metadata.namespace") return Template.of(namespace);
  const [, mapping = "", name = ""] = TEMPLATE_FIELD.exec(fieldPath) ?? [];
  const what = fieldPath === "" ? "a resource of the pod" : `the pod's ${fieldPath}`;
  return valueOf(what, template.text("metadata", mapping, name));
}

function valueOf(name: string, text: string | undefined): Template {
  return text === undefined ? Template.unknown(name) : Template.of(text);
}

/** Data of a ConfigMap or Secret by key; undefined when it is not among the objects. */
function dataOf(
  { inventory, namespace }: PodTemplate,
  kind: "ConfigMap" | "Secret",
  name: string,
): ReadonlyMap<string, Field> | undefined {
  const object = inventory.find("", kind, namespace, name);
  if (object === undefined) return undefined;
  const over = kind === "Secret" ? "stringData" : "binaryData";
  const field = Field.of(object);
  return new Map([...field.entries("data"), ...field.entries(over)]);
}

/** The text of an entry of `dataOf`; undefined when it is none. */
function textOf(kind: "ConfigMap" | "Secret", field: Field): string | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  const isEncoded = field.path[0] === (kind === "Secret" ? "data" : "binaryData");
  return isEncoded ? decodeBase64(text) : text;
}

/** The UTF-8 text that base64 holds; undefined when it holds none. */
function decodeBase64(encoded: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(encoded.trim()), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const REFERENCE = /\$(?:\$|\(([A-Za-z_.-][\w.-]*)\))/g;

/** `$(NAME)` from these variables; a name that is not there stays as it is, as in Kubernetes. */
function expanded(text: string, variables: EnvironmentVariables): Template {
  if (!text.includes("$")) return Template.of(text);
  const parts: Template[] = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, name] = match;
    parts.push(Template.of(text.slice(end, match.index)));
    const value = name === undefined ? undefined : variables.get(name)?.value;
    parts.push(value ?? Template.of(name === undefined ? "$" : whole));
    end = match.index + whole.length;
  }
  return Template.join([...parts, Template.of(text.slice(end))]);
}

/** The files that a container's volumes take from ConfigMaps and Secrets. */
function mountedFiles(
  pod: PodTemplate,
  container: Field,
  variables: EnvironmentVariables,
): ContainerFiles {
  const files = new Map<string, ContainerFile>();
  const unknown: ContainerFiles["unknown"][number][] = [];
  const mounts = container.at("volumeMounts");
  const volumes = pod.template.items("spec", "volumes");
  for (const mount of mounts.items()) {
    const path = mount.text("mountPath")?.replace(/\/+$/, "");
    const name = mount.text("name");
    const volume = volumes.findLast((one) => one.text("name") === name);
    if (path === undefined || volume === undefined) continue;
    const content = volumeFiles(pod, volume);
    unknown.push(...content.unknown.map((one) => ({ name: one, path, place: mounts.place() })));
    const text = mount.text("subPath");
    const subPath =
      text === undefined ? expanded(mount.text("subPathExpr") ?? "", variables).known : text;
    if (subPath === undefined) continue;
    for (const [within, file] of content.files) {
      const full = pathInContainer(path, subPath.replace(/\/+$/, ""), within);
      if (full !== undefined) files.set(full, { ...file, path: full });
    }
  }
  return { files, unknown };
}

/** Where a file of a volume stands; undefined where the mount leaves it out. */
function pathInContainer(path: string, subPath: string, within: string): string | undefined {
  if (subPath === "") return `${path}/${within}`;
  if (within === subPath) return path;
  return within.startsWith(`${subPath}/`) ? path + within.slice(subPath.length) : undefined;
}

interface VolumeFiles {
  /** By their path within the volume. */
  readonly files: ReadonlyMap<string, Omit<ContainerFile, "path">>;
  readonly unknown: readonly string[];
}

function volumeFiles(pod: PodTemplate, volume: Field): VolumeFiles {
  const files = new Map<string, Omit<ContainerFile, "path">>();
  const unknown: string[] = [];
  for (const source of [volume, ...volume.items("projected", "sources")]) {
    for (const [kind, reference] of [
      ["ConfigMap", source.at("configMap")],
      ["Secret", source.at("secret")],
    ] as const) {
      const name = reference.text("name") ?? reference.text("secretName");
      if (name === undefined) continue;
      const data = dataOf(pod, kind, name);
      const object = `${kind} ${pod.namespace}/${name}`;
      if (data === undefined) {
        if (reference.at("optional").value !== true) unknown.push(object);
        continue;
      }
      for (const [key, path] of pathsOf(reference, data)) {
        const field = data.get(key);
        const text = field === undefined ? undefined : textOf(kind, field);
        if (field === undefined || text === undefined) continue;
        files.set(path, { text, place: field.place(), from: `${object} ${key}` });
      }
    }
  }
  return { files, unknown };
}

/** The keys that a volume takes, and the path of each. */
function pathsOf(
  reference: Field,
  data: ReadonlyMap<string, Field>,
): readonly (readonly [key: string, path: string])[] {
  const items = reference.items("items");
  return items.length === 0
    ? [...data.keys()].map((key) => [key, key])
    : items.map((item) => [item.text("key") ?? "", item.text("path") ?? ""]);
}
