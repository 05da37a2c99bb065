import { POOL_MAX_ANNOTATION } from "../../api/names.ts";
import { assumed, known, missing } from "../quantity.ts";
import { containersOf } from "../read/pods/containers.ts";
import { Field } from "../read/objects/field.ts";
import type { Inventory } from "../read/objects/inventory.ts";
import { dataOf, textOf } from "../read/objects/objectData.ts";
import { objectOf, type SourcePosition } from "../sourcePosition.ts";
import { Template } from "../template.ts";
import type { Container, Environment, Variable, Workload } from "../workload.ts";

/**
 * KEDA's operator has a pool without a limit for each postgresql trigger, and asks once for each
 * poll and once for each request for metrics: two connections, of each of two operators while the
 * leader changes. https://github.com/kedacore/keda/blob/main/pkg/scalers/postgresql_scaler.go
 */
const CONNECTIONS = 4;

/** Where a trigger may say how to connect: by https://keda.sh/docs/latest/scalers/postgresql/ */
const PARAMETERS = ["connection", "host", "port", "dbName", "userName"] as const;

type TriggerParameters = ReadonlyMap<
  string,
  { readonly value: Template; readonly place: SourcePosition }
>;

/** What KEDA's operator opens to ask for an object's postgresql triggers, as a workload of its own. */
export function triggerWorkloads(
  root: Field,
  templateOf: (root: Field, inventory: Inventory) => Field | undefined,
  inventory: Inventory,
): readonly Workload[] {
  const key = objectOf(root.place());
  const template = templateOf(root, inventory);
  const scaled = template === undefined ? [] : containersOf({ template, inventory });
  const source = root.text("spec", "scaleTargetRef", "envSourceContainerName");
  const asked: ScaledContainers = { scaled, source: source ?? scaled.find(isApp)?.name, inventory };
  const containers = root.items("spec", "triggers").flatMap((trigger, index) => {
    if (trigger.text("type") !== "postgresql") return [];
    return [containerOf(trigger, trigger.text("name") ?? `trigger-${index}`, key, asked)];
  });
  if (containers.length === 0) return [];
  return [
    {
      key,
      object: root.object,
      namespace: root.object.namespace,
      labels: new Map(),
      pods: known(1, "1 operator of KEDA", root.at("spec", "triggers").place()),
      containers,
      annotation: (name) => inventory.annotation(name, root.at("metadata")),
    },
  ];
}

/** The containers that an object scales, and which of them a trigger takes variables from. */
interface ScaledContainers {
  readonly scaled: readonly Container[];
  readonly source: string | undefined;
  readonly inventory: Inventory;
}

function isApp({ role }: Container): boolean {
  return role === "app";
}

function containerOf(
  trigger: Field,
  name: string,
  key: string,
  scaled: ScaledContainers,
): Container {
  const place = trigger.place();
  const question = missing(
    `how many connections KEDA opens for ${name} of ${key}: its pool has no limit`,
    place,
    `annotate it with ${POOL_MAX_ANNOTATION}: "${name}=N"`,
  );
  return {
    name,
    place,
    role: "app",
    image: "",
    imagePlace: place,
    command: [],
    args: [],
    argsPlace: place,
    environment: environmentOf(trigger, scaled),
    files: { files: new Map(), unknown: [] },
    program: {
      processes: known(1, "1 process"),
      pool: assumed(question, CONNECTIONS, "a pool of KEDA", place),
    },
    ports: [],
  };
}

/** What the trigger says, as variables that a container would have: `postgresql_host`. */
function environmentOf(trigger: Field, scaled: ScaledContainers): Environment {
  const authentication = authenticationOf(trigger, scaled);
  const metadata = metadataOf(trigger, scaled);
  const said = new Map([...metadata, ...authentication.parameters]);
  const variables = PARAMETERS.flatMap((parameter): readonly (readonly [string, Variable])[] => {
    const found = said.get(parameter);
    // A whole connection string goes before its parts.
    if (found === undefined || (said.has("connection") && parameter !== "connection")) return [];
    const name = `postgresql_${parameter.toLowerCase()}`;
    return [[name, { name, ...found }]];
  });
  return { variables: new Map(variables), unknown: authentication.unknown };
}

/** `host: pooler`, and `connectionFromEnv: DATABASE_URL` of the container that is scaled. */
function metadataOf(trigger: Field, scaled: ScaledContainers): TriggerParameters {
  return new Map(
    trigger.entries("metadata").flatMap(([name, field]) => {
      const text = field.scalar();
      if (text === undefined) return [];
      const parameter = name.replace(/FromEnv$/, "");
      const value = parameter === name ? Template.of(text) : variableOf(text, undefined, scaled);
      return [[parameter, { value, place: field.place() }] as const];
    }),
  );
}

function variableOf(
  name: string,
  container: string | undefined,
  { scaled, source }: ScaledContainers,
) {
  const from = scaled.find((one) => one.name === (container ?? source));
  return from?.environment.variables.get(name)?.value ?? Template.unknown(`variable ${name}`);
}

/** What a TriggerAuthentication gives a trigger; unknown where it is not among the objects. */
function authenticationOf(
  trigger: Field,
  scaled: ScaledContainers,
): { readonly parameters: TriggerParameters; readonly unknown: Environment["unknown"] } {
  const { inventory } = scaled;
  const reference = trigger.at("authenticationRef", "name");
  const name = reference.text();
  if (name === undefined) return { parameters: new Map(), unknown: [] };
  const kind = trigger.text("authenticationRef", "kind") ?? "TriggerAuthentication";
  const { namespace } = trigger.object;
  const object =
    inventory.find("keda.sh", kind, namespace, name) ??
    inventory.ofKind("keda.sh", kind).find((one) => isOfCluster(kind) && one.name === name);
  if (object === undefined) {
    const which = isOfCluster(kind) ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
    return { parameters: new Map(), unknown: [{ name: which, place: reference.place() }] };
  }
  const lists = Field.of(object)
    .entries("spec")
    .map(([list, field]) => [list, [...field.items(), ...field.items("secrets")]] as const);
  const parameters = lists.flatMap(([list, entries]) =>
    entries.map((entry) => {
      const value = givenValue(list, entry, isOfCluster(kind), scaled);
      return [entry.text("parameter") ?? "", { value, place: entry.place() }] as const;
    }),
  );
  return { parameters: new Map(parameters), unknown: [] };
}

function isOfCluster(kind: string): boolean {
  return kind === "ClusterTriggerAuthentication";
}

/** What an entry of a TriggerAuthentication's list holds; a vault's entries are unknown. */
function givenValue(
  list: string,
  entry: Field,
  isClusters: boolean,
  scaled: ScaledContainers,
): Template {
  const name = entry.text("name") ?? "";
  if (list === "env") return variableOf(name, entry.text("containerName"), scaled);
  const kind = list === "configMapTargetRef" ? "ConfigMap" : "Secret";
  // That of a cluster takes them from KEDA's own namespace, which is not known.
  const { namespace } = entry.object;
  const isPlain = /^(?:secret|configMap)TargetRef$/.test(list) && !isClusters;
  const data = isPlain ? dataOf(scaled.inventory, kind, namespace, name) : undefined;
  const field = data?.get(entry.text("key") ?? "");
  const text = field && textOf(field);
  if (text !== undefined) return Template.of(text);
  const holder = isPlain ? `${kind} ${namespace}/${name}` : objectOf(entry.place());
  return Template.unknown(`${holder} ${entry.text("key") ?? entry.text("parameter") ?? ""}`);
}
