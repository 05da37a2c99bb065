import { PODS_ANNOTATION } from "../../api/names.ts";
import { counted } from "../../text/wording.ts";
import { known, missing, wholeNumber, type Quantity } from "../quantity.ts";
import { annotatedWhole } from "../read/targets/annotations.ts";
import { stringsIn } from "../read/targets/connectionTargets.ts";
import type { AnnotationOverrides } from "../read/objects/inventory.ts";
import { objectOf, optionPlace } from "../sourcePosition.ts";
import { Template } from "../template.ts";
import type {
  Annotation,
  Argument,
  Environment,
  NeededHost,
  Variable,
  Workload,
} from "../workload.ts";
import type { ComposeProject } from "./composeFile.ts";
import { mountedFiles, variablePlace, type FileContext } from "./composeFiles.ts";
import { asMapping } from "./composeMerge.ts";
import type { ComposeValue } from "./composeValue.ts";
import { envVariables } from "./envFile.ts";
import { pathFrom } from "./paths.ts";
import { commandWords, unsetVariable, type Variables } from "./variables.ts";

/** A service of a compose file, as far as it is about connections. */
export interface ComposeService {
  readonly name: string;
  readonly value: ComposeValue;
  readonly workload: Workload;
  /** Its names on the project's networks. */
  readonly hosts: readonly string[];
  /** Names of other services that it calls them by. */
  readonly links: readonly (readonly [service: string, alias: string])[];
  /** Hosts that its file of hosts leads elsewhere, and their addresses. */
  readonly extraHosts: readonly (readonly [host: string, address: string])[];
  /** Ports of the machine that lead to ports of it. */
  readonly published: readonly (readonly [machine: number, container: number])[];
  /** Ports of it that others than the project reach; without numbers where they are not known. */
  readonly opened: readonly OpenedPorts[];
  /** `host`, or `service db`: whose network it has instead of its own. */
  readonly network: "machine" | { readonly service: string } | undefined;
  /** A network of it on which there are containers of other projects too. */
  readonly sharedNetwork: ComposeValue | undefined;
  readonly profiles: readonly string[];
}

interface OpenedPorts {
  readonly value: ComposeValue;
  /** By an address of the machine that others don't reach. */
  readonly isLocal: boolean;
  readonly ports: readonly number[];
}

/** Reads a service of a project. */
export function readService(
  name: string,
  value: ComposeValue,
  context: FileContext & { readonly overrides: AnnotationOverrides },
): ComposeService {
  const { object } = context;
  const mode = value.at("network_mode").text?.known;
  const other = /^service:(.+)$/.exec(mode ?? "")?.[1];
  const networks = asMapping(value.at("networks"), "networks").entries;
  const hosts = [
    Template.of(name),
    value.at("container_name").text,
    value.at("hostname").text,
    ...networks.flatMap(([, network]) => network.at("aliases").items.map(({ text }) => text)),
  ];
  const ports = [...value.at("ports").items, ...value.at("expose").items].flatMap(portsOf);
  const place = value.placeIn(object);
  const words = (given: ComposeValue): readonly Argument[] => {
    const texts =
      given.text === undefined
        ? given.items.map(({ text }) => text ?? Template.of(""))
        : commandWords(given.text);
    return texts.map((text) => ({ text, place: given.placeIn(object) }));
  };
  const annotation = annotationsOf(value, context);
  return {
    name,
    value,
    workload: {
      key: objectOf({ object }),
      object: place.object,
      namespace: "",
      labels: new Map(),
      pods:
        annotatedWhole(annotation(PODS_ANNOTATION), "how many pods there can be", " pods") ??
        containersOf(value, context),
      containers: [
        {
          name,
          place,
          role: "app",
          image: imageOf(name, value),
          imagePlace: value.at("image").placeIn(object),
          command: words(value.at("entrypoint")),
          args: words(value.at("command")),
          checks: words(value.at("healthcheck").at("test")).filter(
            ({ text }) => !text.test(/^(?:CMD(?:-SHELL)?|NONE)$/),
          ),
          argsPlace: value.at("command").placeIn(object),
          environment: environmentOf(value, context),
          files: mountedFiles(value, context),
          ports: ports.map(([, port]) => [`${port}`, port]),
        },
      ],
      needs: needsOf(value, context),
      annotation,
    },
    hosts: [...new Set(hosts.flatMap((host) => host?.known ?? []))],
    links: value.at("links").items.flatMap((link) => {
      const [, service, alias] = /^([^:]+):(.+)$/.exec(link.text?.known ?? "") ?? [];
      return service === undefined || alias === undefined ? [] : [[service, alias] as const];
    }),
    extraHosts: asMapping(value.at("extra_hosts"), "extra_hosts").entries.flatMap(
      ([host, address]) =>
        [address, ...address.items].flatMap(({ text }) =>
          text?.known === undefined ? [] : [[host, text.known] as const],
        ),
    ),
    published: ports.flatMap(([machine, port]) => (machine === 0 ? [] : [[machine, port]])),
    opened: value.at("ports").items.map((port) => ({
      value: port,
      isLocal: LOCAL.test(port.at("host_ip").text?.known ?? port.text?.known ?? ""),
      ports: portsOf(port).map(([, number]) => number),
    })),
    network: mode === "host" ? "machine" : other === undefined ? undefined : { service: other },
    sharedNetwork: mode === undefined ? sharedNetwork(networks, context.project) : undefined,
    profiles: value.at("profiles").items.flatMap(({ text }) => text?.known ?? []),
  };
}

/** The services that it depends on, or links to, or whose network it has. */
function needsOf(value: ComposeValue, { object }: FileContext): readonly NeededHost[] {
  const needs = (field: string, names: readonly string[], how: string): readonly NeededHost[] =>
    names.map((host) => ({ host, place: value.at(field).placeIn(object), how }));
  const linked = (field: "links" | "external_links"): readonly NeededHost[] => {
    const texts = value.at(field).items.flatMap(({ text }) => text?.known ?? []);
    const names = texts.map((text) => text.replace(/:.*$/, ""));
    return needs(field, names, "to which it links");
  };
  const depended = asMapping(value.at("depends_on"), "depends_on").entries.map(([name]) => name);
  const mode = value.at("network_mode").text?.known ?? "";
  const shared = mode.startsWith("service:") ? [mode.slice("service:".length)] : [];
  const built = asMapping(value.at("build").at("args"), "args").entries.flatMap(([name, arg]) =>
    stringsIn(arg.text ?? Template.of("")).flatMap(({ hosts }) =>
      hosts.flatMap(({ host, port }): readonly NeededHost[] =>
        host.known === undefined
          ? []
          : [
              {
                host: host.known,
                port,
                place: arg.placeIn(object),
                how: `which ${name} of its build names`,
              },
            ],
      ),
    ),
  );
  return [
    ...built,
    ...needs("depends_on", depended, "which it depends on"),
    ...linked("links"),
    ...linked("external_links"),
    ...needs("network_mode", shared, "whose network it has"),
  ];
}

/**
 * The first network of a service that is made outside of the project. One that names none is on
 * `default`; https://docs.docker.com/reference/compose-file/networks/#external.
 */
function sharedNetwork(
  own: readonly (readonly [string, ComposeValue])[],
  { networks }: ComposeProject,
): ComposeValue | undefined {
  return (own.length > 0 ? own.map(([name]) => name) : ["default"])
    .map((name) => networks.get(name))
    .find((network) => {
      const external = network?.at("external");
      return external?.exists === true && external.text?.known !== "false";
    });
}

/**
 * The image; unknown parts of its name spell nothing. A service that builds its image names none: the
 * name of the service stands for it.
 */
function imageOf(name: string, value: ComposeValue): string {
  const image = value.at("image").text;
  if (image !== undefined) return image.knownParts;
  return value.at("build").exists && /pgbouncer/i.test(name) ? name : "";
}

function annotationsOf(
  value: ComposeValue,
  { object, overrides }: FileContext & { readonly overrides: AnnotationOverrides },
): (annotation: string) => Annotation | undefined {
  const labels = asMapping(value.at("labels"), "labels");
  const key = objectOf({ object });
  return (annotation) => {
    const given = overrides.get(key)?.get(annotation);
    const label = labels.at(annotation);
    const place = label.placeIn(object);
    if (given !== undefined) {
      return { name: annotation, value: given, place: optionPlace(place, annotation, given) };
    }
    const written = label.text?.render();
    return written === undefined ? undefined : { name: annotation, value: written, place };
  };
}

/** The most containers of a service. Docker recreates them in place, unless it starts new ones first. */
function containersOf(value: ComposeValue, { object }: FileContext): Quantity {
  const deploy = value.at("deploy");
  const scale = value.at("scale");
  const field = [deploy.at("replicas"), scale].find(({ exists }) => exists) ?? deploy;
  const remedy = `label the service with ${PODS_ANNOTATION}: "N"`;
  const mode = deploy.at("mode");
  if (mode.text?.known?.startsWith("global")) {
    const what = "how many containers of it there can be: one on each machine (mode: global)";
    return missing(what, mode.placeIn(object), remedy);
  }
  const text = field === deploy ? "1" : field.text?.known;
  const replicas = wholeNumber(text);
  const place = field.placeIn(object);
  if (replicas === undefined) {
    const hidden = field.text === undefined ? "no whole number" : field.text.render();
    return missing(`how many containers of it there can be: ${hidden}`, place, remedy);
  }
  const update = deploy.at("update_config");
  const why = counted(replicas, "replica");
  if (update.at("order").text?.known !== "start-first") return known(replicas, why, place);
  const parallel = wholeNumber(update.at("parallelism").text?.known ?? "1");
  const more = parallel === undefined || parallel === 0 ? replicas : Math.min(parallel, replicas);
  const at = update.at("order").placeIn(object);
  return known(replicas + more, `${why} + ${more} (update_config: start-first)`, place, at);
}

/** env_file, then environment over it; `$(NAME)` is no variable here, as it is in Kubernetes. */
function environmentOf(value: ComposeValue, context: FileContext): Environment {
  const { surroundings, object } = context;
  const { variables: outer } = value.source;
  const variables = new Map<string, Variable>();
  const unknown: Environment["unknown"][number][] = [];
  const own = asMapping(value.at("environment"), "environment");
  // Of a name that the project and the environment have, the project's is put into files.
  const inFiles: Variables = (name) => outer(name) ?? own.at(name).text;
  const files = new Map<string, Template>();
  for (const item of value.at("env_file").list) {
    const named = item.text ?? item.at("path").text ?? Template.of("");
    const path = pathFrom(item.source.folder, named.render());
    const text = named.known === undefined ? undefined : surroundings.textOf(path);
    if (text === undefined) {
      unknown.push({ name: `file ${path}`, place: item.placeIn(object) });
      continue;
    }
    for (const [name, one] of envVariables(text, inFiles, files)) {
      files.set(name, one);
      variables.set(name, { name, value: one, place: variablePlace(path, text, name, object) });
    }
  }
  for (const [name, one] of own.entries) {
    const { variables: scope } = one.source;
    const text = one.content === null ? (scope(name) ?? unsetVariable(name)) : one.text;
    variables.set(name, { name, value: text ?? Template.of(""), place: one.placeIn(object) });
  }
  for (const { by } of context.project.absent.filter(({ service }) => service === object.name)) {
    const name = by.at("file").text?.render() ?? by.source.file;
    unknown.push({ name: `file ${name}`, place: by.placeIn(object) });
  }
  return { variables, unknown };
}

/** `127.0.0.1:5432:5432`, or its address alone. */
const LOCAL = /^(?:127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)(?::\d|$)/;

/** The most ports of a range that are read one by one. */
const PORTS_MAX = 1000;

/**
 * The ports of the machine (0: any, or none) and of the container: `8080:6432`,
 * `127.0.0.1:8080:6432/tcp`, `3000-3005:3000-3005`, 6432, or `{ target, published }`.
 */
function portsOf(port: ComposeValue): readonly (readonly [machine: number, container: number])[] {
  const short = port.text?.knownParts.replace(/\/.*$/, "").split(":") ?? [];
  const target = port.at("target").text?.known ?? short.at(-1) ?? "";
  const published = port.at("published").text?.known ?? (short.length > 1 ? short.at(-2) : "");
  const [inside, outside] = [rangeOf(target), rangeOf(published ?? "")];
  return inside.map((one, index) => [outside[index] ?? 0, one]);
}

function rangeOf(text: string): readonly number[] {
  const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === "") return [];
  const length = Math.min(PORTS_MAX, Number(last) - Number(first) + 1);
  return Array.from({ length: Math.max(0, length) }, (_, index) => Number(first) + index);
}
