import { PROCESSES_PER_POD_ANNOTATION } from "../../../api/names.ts";
import { known, missing, product, type MissingQuantity, type Quantity } from "../../quantity.ts";
import { Template } from "../../template.ts";
import {
  commandOf,
  isShell,
  mountAbove,
  runningContainers,
  type Container,
  type ContainerFile,
  type Workload,
} from "../../workload.ts";
import { annotatedCount } from "../targets/annotations.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { callsIn, containerCommand, programName } from "../programs/commands.ts";
import { POD_NAME } from "../pods/containers.ts";
import {
  imageConfiguration,
  iniPathsOf,
  isPgBouncerImage,
  unreadVariables,
} from "./pgbouncerImages.ts";
import { pgbouncerStart, scriptsOf } from "./pgbouncerStart.ts";
import {
  configurationKey,
  iniConfiguration,
  listenPort,
  type Configuration,
  type FoundGroup,
  type FoundPooler,
} from "./poolers.ts";

/** The start of a program in a script; not its name as a host, as in `nc -z pgbouncer 6432`. */
const COMMAND_START =
  /(?:^|[\n;&|(]|\b(?:exec|then|do|else|time|nice|tini|dumb-init|setpriv|--)\s|\b(?:gosu|su-exec)\s+\S+\s)\s*(?:[\w.-]*(?:\/[\w.-]+)*\/)?/;
const COMMAND = startOf("pgbouncer");

function startOf(program: string): RegExp {
  return new RegExp(`${COMMAND_START.source}${program}(?=[\\s;&|)]|$)`);
}

/** Each ordinal is read for itself; no StatefulSet has more than that. */
const ORDINALS_MAX = 1000;

/** Whether this container runs PgBouncer: by its command or a script of it, else by its image. */
export function isPgBouncer(container: Container, knowledge: Knowledge): boolean {
  return (
    runsProgram(container, "pgbouncer") ||
    callsIn(containerCommand(container, knowledge)).some(
      (words) => programName(words) === "pgbouncer",
    ) ||
    isPgBouncerImage(container, knowledge["pgbouncer-images"])
  );
}

/** Whether the command of a container starts that program. */
export function runsProgram(container: Container, name: string): boolean {
  const [program, ...rest] = commandOf(container);
  if (program === undefined) return false;
  if (isShell(program)) return rest.some((text) => text.test(startOf(name)));
  return program.test(new RegExp(`(?:^|/)${name}$`));
}

/** Where a script goes on after it started PgBouncer: a daemon, or in the background. */
const IN_BACKGROUND = /pgbouncer(?=\s)[^;&|]*(?:\s(?:-d|--daemon)(?:\s|$)|&)/;

/** Whether something else than PgBouncer runs in a container that runs it: it is a daemon there. */
export function hasMoreThanPgBouncer(container: Container): boolean {
  return scriptsOf(container).some((text) => text.test(COMMAND) && text.test(IN_BACKGROUND));
}

interface PgBouncerContainer {
  readonly container: Container;
  readonly groups: readonly FoundGroup[];
  readonly port: number | undefined;
  readonly notes: readonly string[];
}

/**
 * The poolers that a workload's pods run: one, unless its containers listen on different ports and
 * so are different things to a client.
 */
export function podPoolers(workload: Workload, knowledge: Knowledge): readonly FoundPooler[] {
  const containers = runningContainers(workload)
    .filter((container) => isPgBouncer(container, knowledge))
    .map((container) => readContainer(workload, container, knowledge));
  const byPort = Map.groupBy(containers, ({ port }) => port);
  return [...byPort].flatMap(([port, together]) => {
    const [first] = together;
    if (first === undefined) return [];
    const portNames = together.flatMap(({ container }) => container.ports);
    const pooler: FoundPooler = {
      name: byPort.size === 1 ? workload.key : `${workload.key}, container ${first.container.name}`,
      place: first.container.place,
      namespace: workload.namespace,
      labels: workload.labels,
      portNames: new Map(portNames),
      ports: port === undefined ? portNames.map(([, number]) => number) : [port],
      ...(port === undefined && portNames.length === 0 && { hasAnyPort: true as const }),
      services: [],
      groups: together.flatMap(({ groups }) => groups),
      workload,
      annotation: workload.annotation,
      notes: together.flatMap(({ notes }) => notes),
    };
    return [pooler];
  });
}

function readContainer(
  workload: Workload,
  container: Container,
  knowledge: Knowledge,
): PgBouncerContainer {
  const images = knowledge["pgbouncer-images"];
  const annotation = workload.annotation(PROCESSES_PER_POD_ANNOTATION);
  const perPod =
    annotatedCount(annotation, container.name, "processes a pod") ?? known(1, "1 process");
  const { pods } = workload;
  const start = pgbouncerStart(container, knowledge);
  if (start.kind === "unread") {
    const configuration = start.question;
    const group = { processes: product(pods, perPod), pods, configuration };
    return { container, groups: [group], port: undefined, notes: [] };
  }
  const paths = start.kind === "inis" ? start.paths : iniPaths(container, images);
  const { environment } = start.kind === "inis" ? container : start;
  const groups =
    paths.length === 0
      ? [
          {
            processes: product(pods, perPod),
            pods,
            configuration: imageConfiguration({ ...container, environment }, images),
          },
        ]
      : paths.flatMap((path) => iniGroups(workload, container, path, perPod));
  const unread =
    paths.length === 0
      ? [
          ...unreadInis(workload, container, images),
          ...unreadVariables(container, images).map(
            ([name, read]) =>
              `${workload.key}: ${container.image} does not read ${name}; it reads ${read}`,
          ),
        ]
      : [];
  const [first, another] = groups;
  if (first === undefined || "known" in first.configuration) {
    return { container, groups, port: undefined, notes: unread };
  }
  const reuse = first.configuration.settings.get("so_reuseport");
  const isReused = reuse?.known && reuse.value === "1" && another === undefined;
  const note = `${workload.key}: so_reuseport is on; counted is one process a container, unless ${PROCESSES_PER_POD_ANNOTATION} says more`;
  const port = listenPort(first.configuration);
  return { container, groups, port, notes: isReused ? [...unread, note] : unread };
}

/** The ini that its image takes, by its own entrypoint. */
function iniPaths(
  container: Container,
  images: Knowledge["pgbouncer-images"],
): readonly Template[] {
  const { files, unknown, volumes } = container.files;
  const { paths, isAny } = iniPathsOf(container, images);
  const usual = paths.find((path) => files.has(path));
  if (usual !== undefined) return [Template.of(usual)];
  // An ini in it would be taken, and the image's variables and defaults with none.
  const filled = paths.find((path) => mountAbove(path, volumes) !== undefined);
  if (filled !== undefined) return [Template.of(filled)];
  const inis = isAny ? mountedInis(container) : [];
  if (inis.length === 1) return inis.map((path) => Template.of(path));
  // The object that would hold it is not there.
  const hidden = paths.find((file) => unknown.some(({ path }) => file.startsWith(path)));
  return hidden === undefined ? [] : [Template.of(hidden)];
}

function mountedInis({ files }: Container): readonly string[] {
  return [...files.files.values()]
    .filter(
      ({ path, text }) => path.endsWith(".ini") && /^\s*\[(?:pgbouncer|databases)\]/m.test(text),
    )
    .map(({ path }) => path);
}

/** An ini that is mounted where the image doesn't read it. */
function unreadInis(
  workload: Workload,
  container: Container,
  images: Knowledge["pgbouncer-images"],
): readonly string[] {
  const { paths, isAny } = iniPathsOf(container, images);
  if (isAny) return [];
  return mountedInis(container).map(
    (path) =>
      `${workload.key}: ${container.image} does not read ${path}, which is mounted; it reads ${paths.join(" or ")}`,
  );
}

/** The processes that one ini makes; for each ordinal its own where the path names the pod. */
function iniGroups(
  workload: Workload,
  container: Container,
  path: Template,
  perPod: Quantity,
): readonly FoundGroup[] {
  const { pods, firstOrdinal } = workload;
  const isByOrdinal = path.has(POD_NAME) && firstOrdinal !== undefined;
  if (!isByOrdinal || !pods.known || pods.value > ORDINALS_MAX) {
    const configuration = readFile(workload, container, path.render());
    return [{ processes: product(pods, perPod), pods, configuration }];
  }
  const read = Array.from({ length: pods.value }, (_, index) => {
    const name = `${workload.object.name}-${firstOrdinal + index}`;
    return readFile(workload, container, path.fill(POD_NAME, name).render());
  });
  const byText = Map.groupBy(read, (configuration) =>
    "known" in configuration ? configuration.what : configurationKey(configuration),
  );
  return [...byText.values()].flatMap((same) => {
    const [configuration] = same;
    const count = same.length;
    const why = `${count} of ${pods.why}`;
    const part = count === pods.value ? pods : known(count, why, ...pods.places);
    if (configuration === undefined) return [];
    return [{ processes: product(part, perPod), pods: part, configuration }];
  });
}

function readFile(
  workload: Workload,
  { files: { files, unknown, volumes }, place }: Container,
  path: string,
): Configuration | MissingQuantity {
  const file = files.get(path);
  if (file === undefined) {
    const object = unknown.find((mount) => path.startsWith(mount.path))?.name;
    const volume = object === undefined ? mountAbove(path, volumes) : undefined;
    if (volume !== undefined) {
      return missing(
        `the ini of ${workload.key}: ${path} is in ${volume.name}, and what that holds is not among the files`,
        volume.place,
        "mount it from a ConfigMap that is among the manifests",
      );
    }
    return missing(
      `the ini of ${workload.key}, ${path}${object === undefined ? ", which no ConfigMap or Secret mounts" : ""}`,
      place,
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
      const { place: at } = fileAt(files, file.path, origin) ?? file;
      const name = section === "pgbouncer" ? key : `[${section}] ${key}`;
      return { ...at, key: within === undefined ? name : `${name} ${within}` };
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
  files: ReadonlyMap<string, ContainerFile>,
  ini: string,
  path: string,
): ContainerFile | undefined {
  return files.get(path) ?? files.get(`${ini.slice(0, ini.lastIndexOf("/"))}/${path}`);
}
