import { Template } from "../../template.ts";
import {
  imageName,
  type Argument,
  type Container,
  type Environment,
  type ContainerFile,
  type ContainerFiles,
  type HiddenMount,
  type HiddenSource,
  type MountedVolume,
  type Variable,
  type EnvironmentVariables,
} from "../../workload.ts";
import { otherVolume, pathInContainer, withCopies } from "../programs/copiedFiles.ts";
import type { Field } from "../objects/field.ts";
import type { Inventory } from "../objects/inventory.ts";
import { dataOf, templateOf, textOf } from "../objects/objectData.ts";
import { substituted } from "../targets/substitutions.ts";
import { serviceVariable } from "./serviceVariables.ts";

/** A pod's template, and where its ConfigMaps and Secrets are found. */
export interface PodTemplate {
  /** metadata and spec of the pods. */
  readonly template: Field;
  readonly inventory: Inventory;
}

/** The containers of a pod, in the order they start. */
export function containersOf(pod: PodTemplate): readonly Container[] {
  const spec = pod.template.at("spec");
  const containers = [
    ...spec
      .items("initContainers")
      .map((field) =>
        containerOf(pod, field, field.at("restartPolicy").value === "Always" ? "sidecar" : "init"),
      ),
    ...spec.items("containers").map((field) => containerOf(pod, field, "app")),
  ];
  return withCopies(containers, pod.inventory.programs);
}

function containerOf(pod: PodTemplate, field: Field, role: Container["role"]): Container {
  const environment = environmentOf(pod, field);
  const { variables } = environment;
  const [command, args, image] = [field.at("command"), field.at("args"), field.at("image")];
  const written = [args, command, field].find(({ exists }) => exists) ?? field;
  const words = [...argumentsIn(pod, command, variables), ...argumentsIn(pod, args, variables)];
  return {
    name: field.text("name") ?? "",
    place: field.place(),
    role,
    image: image.text() ?? "",
    imagePlace: image.place(),
    command: argumentsIn(pod, command, variables),
    args: argumentsIn(pod, args, variables),
    argsPlace: written.place(),
    hooks: argumentsIn(pod, field.at("lifecycle", "postStart", "exec", "command"), variables),
    checks: ["startupProbe", "readinessProbe", "livenessProbe"].flatMap((probe) =>
      argumentsIn(pod, field.at(probe, "exec", "command"), variables),
    ),
    environment: {
      variables,
      unknown: [...environment.unknown, ...injected(pod, words)],
    },
    files: mountedFiles(pod, field, variables),
    ports: field.items("ports").flatMap((port) => {
      const number = port.count("containerPort");
      return number === undefined ? [] : [[port.text("name") ?? `${number}`, number]];
    }),
  };
}

/** What an agent or the container's own command adds to it when it starts. */
function injected(
  { template, inventory: { injectors } }: PodTemplate,
  words: readonly Argument[],
): readonly HiddenSource[] {
  const agent = injectors.byAnnotation(template.texts("metadata", "annotations"));
  return [
    ...(agent === undefined
      ? []
      : [
          {
            name: agent.name,
            place: template.at("metadata", "annotations", agent.annotation).place(),
            isProgram: true,
          },
        ]),
    ...injectors.byCommand(words),
  ];
}

/** A shell's `$POOLER_SERVICE_HOST`. */
const IN_SHELL = /\$\{?([A-Z][A-Z0-9_]*_(?:SERVICE_HOST|SERVICE_PORT|TCP_ADDR|TCP_PORT))\}?/g;

function inScript({ template, inventory }: PodTemplate, text: string): string {
  const { namespace } = template.object;
  return text.replace(
    IN_SHELL,
    (whole, name: string) => serviceVariable(name, namespace, inventory) ?? whole,
  );
}

function argumentsIn(
  pod: PodTemplate,
  list: Field,
  variables: EnvironmentVariables,
): readonly Argument[] {
  return list.items().flatMap((item) => {
    const text = item.text();
    return text === undefined
      ? []
      : [{ text: expanded(pod, inScript(pod, text), variables), place: item.place() }];
  });
}

/**
 * What a container finds in its environment: envFrom, then env over it, with `$(NAME)` expanded as
 * Kubernetes does: from the variables before it, `$$` for a dollar sign.
 */
export function environmentOf(pod: PodTemplate, container: Field): Environment {
  const variables = new Map<string, Variable>();
  const unknown: HiddenSource[] = [];
  for (const source of container.items("envFrom")) {
    const place = source.place();
    for (const found of referencesIn(pod, source, "configMapRef", "secretRef")) {
      if (found.isMissing) unknown.push({ name: found.name, place });
      const prefix = source.text("prefix") ?? "";
      for (const [key, field] of found.data) {
        const name = prefix + key;
        const value = givenValue(pod, name, `${found.name} ${key}`, field);
        variables.set(name, { name, value, place, from: field.place() });
      }
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

export function variableOf(
  pod: PodTemplate,
  name: string,
  entry: Field,
  before: EnvironmentVariables,
): Variable | undefined {
  const from = entry.at("valueFrom");
  if (!from.exists) {
    const field = entry.at("value");
    const place = field.exists ? field.place() : entry.place();
    const text = field.text() ?? "";
    const by = pod.inventory.injectors.byValue(text);
    const value = substituted(name, expanded(pod, text, before), pod.inventory.stores);
    return { name, value: by === undefined ? value : replacedBy(by, text), place };
  }
  const place = from.place();
  const [found] = referencesIn(pod, from, "configMapKeyRef", "secretKeyRef");
  if (found !== undefined) {
    const key = found.reference.text("key") ?? "";
    const field = found.data.get(key);
    if (field === undefined && found.isOptional && !found.isMissing) return undefined;
    const value = givenValue(pod, name, `${found.name} ${key}`, field);
    return { name, value, place, ...(field && { from: field.place() }) };
  }
  return { name, value: fieldValue(pod, from.text("fieldRef", "fieldPath")), place };
}

/** What stands in a text for the name of the pod. */
export const POD_NAME = "the pod's metadata.name";

const TEMPLATE_FIELD = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

/** What the downward API puts there. */
function fieldValue({ template }: PodTemplate, fieldPath = ""): Template {
  if (fieldPath === "metadata.namespace") return Template.of(template.object.namespace);
  // The pod itself, as a container of it reaches it.
  if (/^status\.podIPs?$/.test(fieldPath)) return Template.of("127.0.0.1");
  const [, mapping = "", name = ""] = TEMPLATE_FIELD.exec(fieldPath) ?? [];
  const what = fieldPath === "" ? "a resource of the pod" : `the pod's ${fieldPath}`;
  return valueOf(what, template.text("metadata", mapping, name));
}

/** The text of an entry, or what takes its place; `from` where it is not among the objects. */
function givenValue(
  { inventory }: PodTemplate,
  variable: string,
  from: string,
  field: Field | undefined,
): Template {
  const by = field === undefined ? undefined : encryptedBy(inventory, field);
  if (by !== undefined) return replacedBy(by, from);
  const text = field && templateOf(field);
  return text === undefined
    ? Template.unknown(from)
    : substituted(variable, text, inventory.stores);
}

/** The product that replaces an entry's text; it is no base64, whatever should stand there. */
function encryptedBy({ injectors }: Inventory, field: Field): string | undefined {
  return injectors.byValue(field.text() ?? "") ?? injectors.byValue(textOf(field) ?? "");
}

function replacedBy(product: string, name: string): Template {
  return Template.unknown(`what ${product} puts in place of ${name}`);
}

function valueOf(name: string, text: string | undefined): Template {
  return text === undefined ? Template.unknown(name) : Template.of(text);
}

/** A reference to a ConfigMap or a Secret. */
interface DataReference {
  readonly reference: Field;
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** `Secret writing/app`. */
  readonly name: string;
  readonly isOptional: boolean;
  /** It is not among the objects. */
  readonly isMissing: boolean;
  /** Its entries by key; none where it is not among the objects. */
  readonly data: ReadonlyMap<string, Field>;
}

/** What a field refers to, by either of these names in it. */
function referencesIn(
  { inventory }: PodTemplate,
  field: Field,
  inConfigMap: string,
  inSecret: string,
): readonly DataReference[] {
  const { namespace } = field.object;
  const references = [
    { kind: "ConfigMap", reference: field.at(inConfigMap) },
    { kind: "Secret", reference: field.at(inSecret) },
  ] as const;
  return references
    .filter(({ reference }) => reference.exists)
    .map(({ kind, reference }) => {
      const name = reference.text("name") ?? reference.text("secretName") ?? "";
      const data = dataOf(inventory, kind, namespace, name);
      const isOptional = reference.at("optional").value === true;
      return {
        reference,
        object: { kind, namespace, name },
        name: `${kind} ${namespace}/${name}`,
        isOptional,
        isMissing: data === undefined,
        data: data ?? new Map<string, Field>(),
      };
    });
}

const REFERENCE = /\$(?:\$|\(([A-Za-z_.-][\w.-]*)\))/g;

/**
 * `$(NAME)` from these variables, else from those that Kubernetes makes of Services; a name that is
 * not there stays as it is, as in Kubernetes.
 */
function expanded(
  { template, inventory }: PodTemplate,
  text: string,
  variables: EnvironmentVariables,
): Template {
  if (!text.includes("$")) return Template.of(text);
  const parts: Template[] = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, name] = match;
    parts.push(Template.of(text.slice(end, match.index)));
    const value = name === undefined ? undefined : variables.get(name)?.value;
    const ofService = (): string | undefined =>
      name && serviceVariable(name, template.object.namespace, inventory);
    parts.push(value ?? Template.of(name === undefined ? "$" : (ofService() ?? whole)));
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
  const unknown: HiddenMount[] = [];
  const others: MountedVolume[] = [];
  const mounts = container.at("volumeMounts");
  const volumes = pod.template.items("spec", "volumes");
  for (const mount of mounts.items()) {
    const path = mount.text("mountPath")?.replace(/\/+$/, "");
    const name = mount.text("name");
    const volume = volumes.findLast((one) => one.text("name") === name);
    if (path === undefined) continue;
    const subPath =
      mount.text("subPath") ?? expanded(pod, mount.text("subPathExpr") ?? "", variables).known;
    others.push(...otherVolume(mount, volume, path, subPath));
    if (volume === undefined) continue;
    const program = fillerOf(pod, volume, container);
    if (program !== undefined) {
      unknown.push({ name: program, path, place: mount.place(), isProgram: true });
    }
    const sources = [volume, ...volume.items("projected", "sources")];
    for (const found of sources.flatMap((one) => referencesIn(pod, one, "configMap", "secret"))) {
      const hidden = { name: found.name, path, place: mounts.place() };
      if (found.isMissing) unknown.push(...keysApart(pod, found, hidden, subPath));
      for (const [key, within] of pathsOf(found)) {
        const field = found.data.get(key);
        const full = subPath === undefined ? undefined : pathInContainer(path, subPath, within);
        if (field === undefined || full === undefined) continue;
        const by = encryptedBy(pod.inventory, field);
        if (by !== undefined) unknown.push({ ...hidden, name: `${found.name} ${key} by ${by}` });
        const text = textOf(field);
        if (text === undefined) {
          if (templateOf(field) === undefined) continue;
          // One of its files, whose text is not known.
          const file = { ...hidden, name: `${found.name} ${key}` };
          unknown.push(...keysApart(pod, found, file, within));
          continue;
        }
        files.set(full, { path: full, text, place: field.place(), from: `${found.name} ${key}` });
      }
    }
  }
  return { files, unknown, volumes: others };
}

/** The mount, unless the objects say that it holds certificates, keys or tokens alone. */
function keysApart(
  { inventory: { mounts } }: PodTemplate,
  { object, reference }: DataReference,
  hidden: HiddenMount,
  subPath: string | undefined,
): readonly HiddenMount[] {
  const items = reference.items("items").map((item) => item.text("path") ?? "");
  const files = subPath === undefined || subPath === "" ? items : [subPath];
  const mount = { ...object, path: hidden.path, files };
  if (mounts.holdsKeys(mount)) return [];
  return [{ ...hidden, mayHoldKeys: mounts.mayHoldKeys(mount) }];
}

/** The program that fills a volume with secrets: a CSI driver, or another container of the pod. */
function fillerOf(
  { template, inventory: { injectors } }: PodTemplate,
  volume: Field,
  container: Field,
): string | undefined {
  const driver = injectors.byDriver(volume.text("csi", "driver") ?? "");
  if (driver !== undefined || !volume.at("emptyDir").exists) return driver;
  const own = container.text("name");
  const others = [
    ...template.items("spec", "initContainers"),
    ...template.items("spec", "containers"),
  ];
  const filler = others.find((other) => {
    if (other.text("name") === own) return false;
    const mounts = other.items("volumeMounts");
    if (!mounts.some((mount) => mount.text("name") === volume.text("name"))) return false;
    const words = [...other.items("command"), ...other.items("args")].map(
      (one) => one.text() ?? "",
    );
    const image = imageName({ image: other.text("image") ?? "" });
    return injectors.isFetcher(image, Template.of(words.join(" ")));
  });
  return filler === undefined ? undefined : `container ${filler.text("name") ?? ""}`;
}

/** The keys that a volume takes, and the path of each. */
function pathsOf({
  reference,
  data,
}: DataReference): readonly (readonly [key: string, path: string])[] {
  const items = reference.items("items");
  return items.length === 0
    ? [...data.keys()].map((key) => [key, key])
    : items.map((item) => [item.text("key") ?? "", item.text("path") ?? ""]);
}
