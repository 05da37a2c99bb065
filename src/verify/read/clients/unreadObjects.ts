import { parse } from "yaml";
import { CONNECTS_TO_ANNOTATION } from "../../../api/names.ts";
import { isMapping } from "../../../json/fields.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import { Template } from "../../template.ts";
import type {
  Container,
  ContainerFile,
  HiddenMount,
  HiddenSource,
  Variable,
  Workload,
} from "../../workload.ts";
import { writtenConnections, type ContainerConnections } from "./connections.ts";
import { containersOf, environmentOf, variableOf, type PodTemplate } from "../pods/containers.ts";
import type { Destinations } from "./destinations.ts";
import { Field } from "../objects/field.ts";
import type { ChartSecret } from "../objects/chartSecrets.ts";
import { releaseNamespace, withRelease } from "../objects/helmReleases.ts";
import { usualName } from "../../knowledge/namePatterns.ts";
import type { Inventory } from "../objects/inventory.ts";
import type { KindRow } from "../objects/kinds.ts";
import type { PoolVariables } from "../targets/poolVariables.ts";

/**
 * Objects of kinds that weir doesn't read (a CronWorkflow, a Task, a HelmRelease, a Template), what
 * they say being read as a container's environment is. Missing is what they open where they name a
 * pooler or the Postgres behind one, where they hide a target, and where they have a pool.
 *
 * @param isRead whether an object is read elsewhere
 * @param rendered those of which all that they make is among the objects
 */
export function unreadObjects(
  inventory: Inventory,
  destinations: Destinations,
  isRead: (object: ManifestObject) => boolean,
  rendered: ReadonlySet<ManifestObject>,
): readonly MissingQuantity[] {
  if (destinations.poolers.length === 0) return [];
  return inventory.objects.flatMap((object) => {
    const row = inventory.kinds.rowOf(object);
    const isUnrendered = row?.effect === "unrendered";
    const isKnown = row !== undefined && !isUnrendered && row.effect !== "names";
    if (isKnown || isRead(object)) return [];
    // What it puts into its objects is asked of them.
    if (rendered.has(object)) return [];
    const root = Field.of(object);
    const annotation = inventory.annotation(CONNECTS_TO_ANNOTATION, root.at("metadata"));
    if (annotation?.value.trim() === "none") return [];
    const workload = workloadOf(textsOf(object, row), inventory, destinations);
    const asked = workload.containers
      .flatMap((container) => writtenConnections(workload, container, destinations))
      .flatMap((read) => questionsOf(object, read, row, destinations));
    const answer = { object: workload.key, annotation: CONNECTS_TO_ANNOTATION, value: "none" };
    return [...asked, ...(isUnrendered ? [nothingOpened(root, row)] : [])]
      .slice(0, 1)
      .map((question) => ({ ...question, answer }));
  });
}

/** What is to be asked of an object, the surest first. */
function questionsOf(
  object: ManifestObject,
  { connections, missing: hidden }: ContainerConnections,
  row: KindRow | undefined,
  { behind }: Destinations,
): readonly MissingQuantity[] {
  const render = row?.render
    ?.replace(/\bNAME\b/, object.name)
    .replace(/\bNAMESPACE\b/, object.namespace);
  const key = objectOf({ object });
  const remedy = `${render === undefined ? "" : `give what it makes too (${render}), or `}annotate it with ${CONNECTS_TO_ANNOTATION}: "none" when its connections are counted elsewhere, as in a workload or in the reserve`;
  const named = connections.flatMap(({ target, endpoint }) => {
    if (endpoint.kind !== "postgres") return [{ place: target.place, what: "a pooler" }];
    const { address } = endpoint;
    return behind.has(address) ? [{ place: target.place, what: `Postgres ${address}` }] : [];
  });
  return [
    ...named.map(({ place, what }) =>
      missing(
        row?.effect === "names"
          ? `who connects by the names of ${key}: it leads to ${what}`
          : `what ${key} opens: it names ${what}, and weir doesn't read objects of its kind`,
        place,
        remedy,
      ),
    ),
    ...hidden.map(({ what, place }) =>
      missing(what.replace(`container ${NAME} of `, ""), place, remedy),
    ),
  ];
}

/** Where nothing else is said, what an object makes when it is rendered is assumed to open none. */
function nothingOpened(root: Field, { render = "" }: KindRow): MissingQuantity {
  const key = objectOf(root.place());
  return {
    ...missing(
      `connections that the workloads of ${key} open, unless they are among the objects`,
      root.at("spec").place(),
      `give what it makes too (${render}), or annotate it with ${CONNECTS_TO_ANNOTATION}: "none"`,
    ),
    assumed: 0,
  };
}

/** What an object says of where it leads: the names that it gives (`hosts`) say nothing of that. */
function textsOf(object: ManifestObject, row: KindRow | undefined): Field {
  const root = Field.of(withRelease(object));
  if (row?.effect !== "names") return root;
  const spec = Object.fromEntries(
    root.entries("spec").flatMap(([name, { value }]) => (name === "hosts" ? [] : [[name, value]])),
  );
  return Field.of({ ...root.object, value: { ...root.object.value, spec } });
}

/** The name of the container that an object is read as. */
const NAME = "object";

/** The object as a workload of one container whose environment is all that the object says. */
function workloadOf(root: Field, inventory: Inventory, { pools }: Destinations): Workload {
  const { object } = root;
  const texts = new Texts({ template: root, inventory }, pools);
  for (const [name, field] of root.entries()) {
    if (!STANDARD.has(name)) texts.add(field, [name]);
  }
  const container: Container = {
    name: NAME,
    place: root.place(),
    role: "app",
    image: "",
    imagePlace: root.place(),
    command: [],
    args: [],
    argsPlace: root.place(),
    environment: { variables: texts.variables, unknown: texts.unknown },
    files: { files: texts.files, unknown: texts.unknownFiles },
    ports: [],
  };
  return {
    key: objectOf(root.place()),
    object,
    namespace: object.namespace,
    labels: new Map(),
    pods: missing("how many pods of it there are", root.place(), ""),
    containers: [container],
    annotation: () => undefined,
  };
}

/** Fields of every object, which say nothing of what it opens. */
const STANDARD: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "status"]);

/** An environment's own name of a variable, as opposed to a field's name. */
const ENVIRONMENT_NAME = /^[A-Z][A-Z0-9]*(?:_+[A-Z0-9]+)*$/;

/** Text in which YAML may stand: a chart's values. */
const YAML = /^[ \t]*["']?[\w.-]+["']?:(?:[ \t]|$)/m;

/** A text longer than this is no chart's values. */
const YAML_MAX = 200_000;

/** How deep texts of YAML stand within each other. */
const DEPTH_MAX = 3;

/** All texts of an object by names that say what they are, as variables have them. */
class Texts {
  readonly variables = new Map<string, Variable>();
  readonly unknown: HiddenSource[] = [];
  readonly files = new Map<string, ContainerFile>();
  readonly unknownFiles: HiddenMount[] = [];
  readonly #pod: PodTemplate;
  readonly #pools: PoolVariables;

  constructor(pod: PodTemplate, pools: PoolVariables) {
    this.#pools = pools;
    this.#pod = pod;
  }

  /** @param names of the fields that lead to it */
  add(field: Field, names: readonly string[], depth = 0): void {
    if (Array.isArray(field.value)) {
      for (const item of field.items()) this.add(item, names, depth);
    } else if (isMapping(field.value)) this.#addMapping(field, names, depth);
    else this.#addText(field, names, depth);
  }

  #addMapping(field: Field, names: readonly string[], depth: number): void {
    const own = field.text("name");
    const [value, from] = [field.at("value"), field.at("valueFrom")];
    // `{ name: PGHOST, value: pooler }`, `DATABASE_URL: { valueFrom: … }`, `url: { secretKeyRef: … }`.
    if (own !== undefined && (from.exists || value.exists)) {
      if (from.exists) return this.#addReference(own, field);
      // Argo CD's parameters of a chart: `{ name: db.existingSecret, value: s }`.
      this.#addSecrets(value, [...names, ...own.split(".")], field);
      return this.add(value, [...names, own], depth);
    }
    this.#addVolume(field);
    const name = nameOf(names, this.#pools);
    if (from.exists) return this.#addReference(name, field);
    if (REFERENCES.some((key) => field.at(key).exists)) {
      const entry = Field.of({ ...field.object, value: { valueFrom: field.value } });
      return this.#addReference(
        own === undefined ? name : nameOf([...names, own], this.#pools),
        entry,
        field,
      );
    }
    const isList = (key: string): boolean => Array.isArray(field.at(key).value);
    if (isList("envFrom")) {
      const { variables, unknown } = environmentOf(this.#pod, field);
      for (const [key, variable] of variables) this.variables.set(key, variable);
      this.unknown.push(...unknown);
    }
    // Dapr's components: the type says what a list of settings is about.
    const type = isList("metadata") ? [field.text("type") ?? ""] : [];
    for (const [key, child] of field.entries()) {
      if (key === "valuesFrom") this.#addValues(child);
      else if (key !== "envFrom") this.#addChild(child, [...names, ...type, key], field, depth);
    }
  }

  #addChild(child: Field, names: readonly string[], beside: Field, depth: number): void {
    this.#addSecrets(child, names, beside);
    this.add(child, names, depth);
  }

  /** Secrets that the values of a chart name in its own way. */
  #addSecrets(field: Field, names: readonly string[], beside: Field): void {
    const { template, inventory } = this.#pod;
    if (inventory.kinds.rowOf(template.object)?.effect !== "unrendered") return;
    for (const secret of inventory.chartSecrets.in(field, names, beside)) {
      this.#addSecret(secret, field, names.slice(0, -1));
    }
  }

  /** @param names of the fields that a Secret's keys stand for, if it holds settings */
  #addSecret(secret: ChartSecret, field: Field, names: readonly string[]): void {
    const { environment, files } = this.#containerWith(secret, field) ?? {};
    const place = field.place();
    for (const [key, variable] of environment?.variables ?? []) {
      const name = secret.holds === "environment" ? key : nameOf([...names, key], this.#pools);
      this.#set({ ...variable, name, place });
    }
    for (const [path, file] of files?.files ?? []) this.files.set(path, file);
    if (!secret.mayHide) return;
    this.unknown.push(...(environment?.unknown ?? []).map((one) => ({ ...one, place })));
    this.unknownFiles.push(...(files?.unknown ?? []).map((one) => ({ ...one, place })));
  }

  /** A volume of pods, or a workspace of Tekton: `{ name: v, secret: { secretName: s } }`. */
  #addVolume(field: Field): void {
    const secretName = field.text("secret", "secretName");
    if (secretName === undefined) return;
    const name = field.text("name") ?? "";
    const reference = { secret: { secretName, items: field.at("secret", "items").value } };
    // Other kinds of objects mount Secrets for much else: only its name says that it is a database's.
    const mayHide = this.#pod.inventory.stores.isDatabaseName(usualName(`${name}_${secretName}`));
    this.#addSecret({ holds: "files", reference, path: `/${name}`, mayHide }, field, []);
  }

  /** A container of the release that gets a Secret. */
  #containerWith({ holds, reference, path }: ChartSecret, field: Field): Container | undefined {
    const isMounted = holds === "files";
    const container = isMounted
      ? { volumeMounts: [{ name: NAME, mountPath: path }] }
      : { envFrom: [reference] };
    const volumes = isMounted ? [{ name: NAME, ...reference }] : [];
    const object = {
      ...field.object,
      namespace: releaseNamespace(this.#pod.template.object),
      value: { spec: { containers: [container], volumes } },
      positionOf: () => field.object.positionOf(field.path),
    };
    return containersOf({ ...this.#pod, template: Field.of(object) })[0];
  }

  #addReference(name: string, entry: Field, where = entry): void {
    const variable = variableOf(this.#pod, name, entry, this.variables);
    if (variable !== undefined) this.#set({ ...variable, place: where.place() });
  }

  /** Values of a chart that stand in a ConfigMap or a Secret: Flux' `valuesFrom`. */
  #addValues(list: Field): void {
    const { inventory } = this.#pod;
    for (const source of list.items()) {
      const [kind, name, path] = [
        source.text("kind"),
        source.text("name"),
        source.text("targetPath"),
      ];
      if (kind === undefined || name === undefined) continue;
      const { namespace } = source.object;
      const object = inventory.find("", kind, namespace, name);
      const key = source.text("valuesKey") ?? "values.yaml";
      const text = object && Field.of(object).text("data", key);
      if (kind === "ConfigMap" && object !== undefined) {
        if (text !== undefined) this.add(Field.of(object).at("data", key), []);
      } else if (path !== undefined) {
        const value = Template.unknown(`${kind} ${namespace}/${name} ${key}`);
        this.#set({ name: nameOf(path.split("."), this.#pools), value, place: source.place() });
      } else {
        this.unknown.push({ name: `${kind} ${namespace}/${name}`, place: source.place() });
      }
    }
  }

  #addText(field: Field, names: readonly string[], depth: number): void {
    const text = field.scalar();
    if (text === undefined || text === "") return;
    const values = depth < DEPTH_MAX ? valuesIn(text) : undefined;
    if (values !== undefined) {
      const { object, path } = field;
      const within = Field.of({
        ...object,
        value: values,
        positionOf: () => object.positionOf(path),
      });
      for (const [name, child] of within.entries()) {
        this.#addChild(child, [...names, name], within, depth + 1);
      }
      return;
    }
    const entry = Field.of({ ...field.object, value: { value: text } });
    const variable = variableOf(this.#pod, nameOf(names, this.#pools), entry, new Map());
    if (variable !== undefined) this.#set({ ...variable, place: field.place() });
  }

  /** Two fields may have one name: both count. */
  #set(variable: Variable): void {
    let { name } = variable;
    while (this.variables.has(name)) name = `also_${name}`;
    this.variables.set(name, { ...variable, name });
  }
}

/** How fields refer to a ConfigMap's or a Secret's key. */
const REFERENCES = ["secretKeyRef", "configMapKeyRef"];

/** `DATABASE_URL`; `external_Database_host` of the fields `externalDatabase` and `host`. */
function nameOf(names: readonly string[], pools: PoolVariables): string {
  const last = names.at(-1) ?? "";
  if (ENVIRONMENT_NAME.test(last)) return last;
  const name = names
    .slice(-NAMES_MAX)
    .join("_")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2");
  // A server has a pool size of its own, and threads: only a variable's name says it of a client.
  return pools.isSize(name) ? `${name}_field` : name;
}

/** Of the fields above only those nearby say what a field is about. */
const NAMES_MAX = 3;

/** The mapping that a text of YAML holds. */
function valuesIn(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.includes("\n") || text.length > YAML_MAX || !YAML.test(text)) return undefined;
  try {
    const value = parse(text, { logLevel: "silent" }) as unknown;
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
