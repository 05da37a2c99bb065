import { PROCESSES_PER_POD_ANNOTATION } from "../../api/names.ts";
import type { Quantity, KnownQuantity, MissingQuantity } from "../system.ts";
import { configurationKey, iniConfiguration, type Configuration } from "./configuration.ts";
import { containerEnv, expanded, type Environment } from "./containerEnv.ts";
import { annotatedCount } from "./annotations.ts";
import { Field } from "./field.ts";
import { known, missing, product } from "./quantities.ts";
import { placeholder } from "./placeholders.ts";
import type { Inventory } from "./inventory.ts";
import { mountedFiles, type MountedFile, type MountedFiles } from "./mountedFiles.ts";
import { imageConfiguration } from "../adapters/pgbouncerImages.ts";
import { listenPort, type FoundGroup, type FoundPooler } from "./poolers.ts";
import type { Workload } from "./workloads.ts";

/** What a PgBouncer's image is called; what only watches one is not. */
const IMAGE = /pgbouncer/i;
const WATCHER = /exporter|metrics|monitor|reload|watch/i;
/** Where a script starts it: not where it is a host's name, as in `nc -z pgbouncer 6432`. */
const COMMAND =
  /(?:^|[\n;&|(]|\b(?:exec|then|do|else|time|nice|tini|dumb-init|setpriv|--)\s|\b(?:gosu|su-exec)\s+\S+\s)\s*(?:[\w.-]*(?:\/[\w.-]+)*\/)?pgbouncer(?=[\s;&|)]|$)/;

/** Where the images look for their ini when the command names none. */
const USUAL_FILES = [
  "/etc/pgbouncer/pgbouncer.ini",
  "/bitnami/pgbouncer/conf/pgbouncer.ini",
  "/opt/bitnami/pgbouncer/conf/pgbouncer.ini",
];

/** More ordinals than that nobody has; each is read for itself. */
const ORDINALS_MAX = 1000;

/** Whether this container runs PgBouncer. */
export function isPgBouncer(container: Field): boolean {
  const image = container.at("image").text() ?? "";
  const path = image.replace(/@.*$/, "").replace(/:[^/]*$/, "");
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (WATCHER.test(name)) return false;
  if (IMAGE.test(name)) return true;
  const [program, ...rest] = commandOf(container);
  if (program === undefined) return false;
  const isShell = /(?:^|\/)(?:ba|da|a)?sh$/.test(program);
  return /(?:^|\/)pgbouncer$/.test(program) || (isShell && rest.some((text) => COMMAND.test(text)));
}

/** Whether something else than PgBouncer runs in a container that runs it: it is a daemon there. */
export function hasMoreThanPgBouncer(container: Field): boolean {
  return commandOf(container).some(
    (text) =>
      COMMAND.test(text) && /pgbouncer(?=\s)[^;&|]*(?:\s(?:-d|--daemon)\s|&)/.test(`${text} `),
  );
}

/** Command and arguments as they are written. */
export function commandOf(container: Field): readonly string[] {
  return [...container.at("command").items(), ...container.at("args").items()].flatMap(
    (field) => field.text() ?? [],
  );
}

/** An init container that runs on beside the others. */
export function isSidecar(container: Field): boolean {
  return container.at("restartPolicy").value === "Always";
}

/** Containers that run as long as the pod: not those that only prepare it. */
export function runningContainers(workload: Workload): readonly Field[] {
  const spec = workload.template.at("spec");
  const sidecars = spec.at("initContainers").items().filter(isSidecar);
  return [...sidecars, ...spec.at("containers").items()];
}

interface Container {
  readonly container: Field;
  readonly groups: readonly FoundGroup[];
  readonly port: number | undefined;
  readonly notes: readonly string[];
}

/**
 * The poolers that a workload's pods run: one, unless its containers listen on different ports and
 * so are different things to a client.
 */
export function podPoolers(inventory: Inventory, workload: Workload): readonly FoundPooler[] {
  const containers = runningContainers(workload)
    .filter(isPgBouncer)
    .map((container) => readContainer(inventory, workload, container));
  const byPort = Map.groupBy(containers, ({ port }) => port);
  return [...byPort].flatMap(([port, together]) => {
    const [first] = together;
    if (first === undefined) return [];
    const container = first.container.at("name").text() ?? "";
    const portNames = together.flatMap((one) => namedPorts(one.container));
    const pooler: FoundPooler = {
      name: byPort.size === 1 ? workload.key : `${workload.key}, container ${container}`,
      place: first.container.place(),
      namespace: workload.namespace,
      labels: workload.labels,
      portNames: new Map(portNames),
      ports: port === undefined ? portNames.map(([, number]) => number) : [port],
      services: [],
      groups: together.flatMap(({ groups }) => groups),
      workload,
      annotation: workload.annotation,
      notes: together.flatMap(({ notes }) => notes),
    };
    return [pooler];
  });
}

export function namedPorts(container: Field): readonly (readonly [string, number])[] {
  return container
    .at("ports")
    .items()
    .flatMap((port) => {
      const number = port.at("containerPort").count();
      return number === undefined ? [] : [[port.at("name").text() ?? String(number), number]];
    });
}

function readContainer(inventory: Inventory, workload: Workload, container: Field): Container {
  const environment = containerEnv(inventory, workload, container);
  const files = mountedFiles(inventory, workload, container, environment);
  const perPod = processesPerPod(workload, container);
  const paths = iniPaths(container, environment, files);
  const notes: string[] = [];
  const groups =
    paths.length === 0
      ? [
          {
            processes: product(workload.pods, perPod),
            pods: workload.pods,
            configuration: imageConfiguration(container, environment),
          },
        ]
      : paths.flatMap((path) => iniGroups(workload, container, files, path, perPod));
  const ports = groups.map(({ configuration }) =>
    "known" in configuration ? undefined : listenPort(configuration),
  );
  for (const { configuration } of groups) {
    if ("known" in configuration) continue;
    const reuse = configuration.settings.get("so_reuseport");
    if (reuse?.known && reuse.value === "1" && groups.length === 1) {
      notes.push(
        `${workload.key}: so_reuseport is on; counted is one process a container, unless ${PROCESSES_PER_POD_ANNOTATION} says more`,
      );
    }
  }
  return { container, groups, port: ports[0], notes };
}

function processesPerPod(workload: Workload, container: Field): Quantity {
  const annotation = workload.annotation(PROCESSES_PER_POD_ANNOTATION);
  const name = container.at("name").text() ?? "";
  return annotatedCount(annotation, name, "processes a pod") ?? known(1, "1 process");
}

/** The ini files that its command names; else the one that its image would take. */
function iniPaths(
  container: Field,
  environment: Environment,
  { files, unknown }: MountedFiles,
): readonly string[] {
  const texts = commandOf(container).map((text) => expanded(text, environment.variables));
  const named = texts.flatMap((text) => [...text.matchAll(/[^\s"'`;&|=()]+\.ini(?![\w.])/g)]);
  if (named.length > 0) return [...new Set(named.map(([path]) => path))];
  const usual = USUAL_FILES.find((path) => files.has(path));
  if (usual !== undefined) return [usual];
  const inis = [...files.values()].filter(({ path, text }) => {
    return path.endsWith(".ini") && /^\s*\[(?:pgbouncer|databases)\]/m.test(text);
  });
  if (inis.length === 1) return inis.map(({ path }) => path);
  // The object that would hold it is not there.
  const place = unknown.find(({ path }) => USUAL_FILES.some((file) => file.startsWith(path)));
  return place === undefined ? [] : [`${place.path}/pgbouncer.ini`];
}

/** What stands in a path for the name of the pod. */
const POD_NAME = placeholder("the pod's metadata.name");

/** The processes that one ini makes; for each ordinal its own where the path names the pod. */
function iniGroups(
  workload: Workload,
  container: Field,
  files: MountedFiles,
  path: string,
  perPod: Quantity,
): readonly FoundGroup[] {
  const { pods } = workload;
  const isOrdinal = path.includes(POD_NAME) && workload.object.kind === "StatefulSet";
  if (!isOrdinal || !pods.known || pods.value > ORDINALS_MAX) {
    const configuration = readFile(workload, container, files, path);
    return [{ processes: product(pods, perPod), pods, configuration }];
  }
  const start = Field.of(workload.object).at("spec", "ordinals", "start").count() ?? 0;
  const byText = new Map<
    string,
    { configuration: Configuration | MissingQuantity; count: number }
  >();
  for (let ordinal = start; ordinal < start + pods.value; ordinal += 1) {
    const name = `${workload.object.name}-${ordinal}`;
    const configuration = readFile(workload, container, files, path.replaceAll(POD_NAME, name));
    const key = "known" in configuration ? configuration.what : configurationKey(configuration);
    const same = byText.get(key);
    if (same === undefined) byText.set(key, { configuration, count: 1 });
    else same.count += 1;
  }
  return [...byText.values()].map(({ configuration, count }) => ({
    processes: product(partOf(pods, count), perPod),
    pods: partOf(pods, count),
    configuration,
  }));
}

function partOf(pods: KnownQuantity, count: number): KnownQuantity {
  if (count === pods.value) return pods;
  return known(count, `${count} of ${pods.why}`, ...pods.places);
}

function readFile(
  workload: Workload,
  container: Field,
  { files, unknown }: MountedFiles,
  path: string,
): Configuration | MissingQuantity {
  const file = files.get(path);
  if (file === undefined) {
    const object = unknown.find((mount) => path.startsWith(mount.path))?.name;
    return missing(
      `the ini of ${workload.key}, ${path}${object === undefined ? ", which no ConfigMap or Secret mounts" : ""}`,
      container.place(),
      object === undefined
        ? "put it into a ConfigMap that is among the manifests"
        : `give ${object} too`,
    );
  }
  const { configuration, problems } = iniConfiguration(
    file.text,
    file.path,
    (included) => fileAt(files, file.path, included)?.text,
    (section, key, origin, within) => {
      const { place } = fileAt(files, file.path, origin) ?? file;
      const name = section === "pgbouncer" ? key : `[${section}] ${key}`;
      return { ...place, key: within === undefined ? name : `${name} ${within}` };
    },
  );
  const [problem] = problems;
  if (problem === undefined) return configuration;
  return missing(
    `what PgBouncer reads in ${problem.file}:${problem.line}: ${problem.text}`,
    file.place,
    "correct the ini: PgBouncer would not start, or start with a part of it",
  );
}

/** A file by its full path, or by one relative to the ini's folder. */
function fileAt(
  files: ReadonlyMap<string, MountedFile>,
  ini: string,
  path: string,
): MountedFile | undefined {
  return files.get(path) ?? files.get(`${ini.slice(0, ini.lastIndexOf("/"))}/${path}`);
}
