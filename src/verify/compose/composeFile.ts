import { parse } from "yaml";
import { isMapping } from "../../json/fields.ts";
import { Field } from "../read/field.ts";
import type { ManifestObject } from "../sourcePosition.ts";
import { interpolated } from "./variables.ts";

/** A service of a compose file, as far as it is about connections. */
export interface ComposeService {
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Labels, where weir's annotations may stand. */
  readonly labels: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly entrypoint: readonly string[];
  /** Other names of it on the project's networks. */
  readonly aliases: readonly string[];
  /** Ports of its containers, as far as they are named. */
  readonly ports: readonly number[];
  /** Files that it gets from beside the compose file: path there, by path in the container. */
  readonly files: Readonly<Record<string, string>>;
}

/** The content of a compose file. */
export interface ComposeProject {
  readonly services: readonly ComposeService[];
  /** Parts that stand in other files, and are not read: `service author: extends`. */
  readonly elsewhere: readonly string[];
}

/** A compose file that can't be read, in words without what stands in it. */
export class BadCompose extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadCompose";
  }
}

/** The variables and files that a compose file refers to. */
interface ComposeSurroundings {
  /** A variable of the shell, else of the file `.env` beside it. */
  readonly variable: (name: string) => string | undefined;
  /** The variables of an env_file; undefined when it is not there. */
  readonly envFile: (path: string) => Readonly<Record<string, string>> | undefined;
}

/**
 * Reads a compose file as docker compose would, but for what stands in other files (`include`,
 * `extends`), which is named.
 *
 * @throws BadCompose when it is no compose file
 */
export function readCompose(
  file: string,
  text: string,
  { variable, envFile }: ComposeSurroundings,
): ComposeProject {
  const value = withVariables(parsed(file, text), variable);
  if (!isMapping(value) || !isMapping(value["services"])) {
    throw new BadCompose(`${file}: has no services: is it a compose file?`);
  }
  const root = Field.of({ ...fileObject(file), value });
  const entries = root.entries("services");
  return {
    services: entries.map(([name, service]) => {
      if (!isMapping(service.value)) {
        throw new BadCompose(`${file}: services.${name} must be a mapping`);
      }
      const fromFiles = envFilesOf(service.at("env_file")).map((path) => envFile(path) ?? {});
      const ports = [
        ...service.items("ports").map(containerPort),
        ...service.items("expose").map((port) => Number(port.value)),
      ];
      return {
        name,
        image: service.scalar("image") ?? "",
        replicas: replicasOf(service),
        environment: Object.assign({}, ...fromFiles, pairs(service.at("environment"), variable)),
        labels: pairs(service.at("labels"), variable),
        command: words(service.at("command")),
        entrypoint: words(service.at("entrypoint")),
        aliases: aliasesOf(service).filter((alias) => alias !== "" && alias !== name),
        ports: ports.filter((port) => Number.isInteger(port) && port > 0),
        files: Object.fromEntries([
          ...service.items("volumes").flatMap(mountOf),
          ...service.items("configs").flatMap((config) => configOf(config, root)),
        ]),
      };
    }),
    elsewhere: [
      ...(root.at("include").value === undefined ? [] : ["include"]),
      ...entries
        .filter(([, service]) => service.at("extends").value !== undefined)
        .map(([name]) => `service ${name}: extends`),
    ],
  };
}

/** A compose file as the object that its fields belong to; their lines are not known. */
export function fileObject(file: string): ManifestObject {
  return {
    file,
    kind: "compose",
    apiVersion: "",
    name: file,
    namespace: "",
    value: {},
    positionOf: () => ({ line: 1, column: 1 }),
  };
}

function parsed(file: string, text: string): unknown {
  try {
    return parse(text, { merge: true, prettyErrors: false }) as unknown;
  } catch {
    // The parser's messages quote what they are about.
    throw new BadCompose(`${file}: is not YAML; docker compose config says where`);
  }
}

function withVariables(value: unknown, variable: (name: string) => string | undefined): unknown {
  if (typeof value === "string") return interpolated(value, variable);
  if (Array.isArray(value)) return value.map((item: unknown) => withVariables(item, variable));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withVariables(item, variable)]),
  );
}

function replicasOf(service: Field): number {
  const count = Number(service.at("deploy", "replicas").value ?? service.at("scale").value ?? 1);
  return Number.isInteger(count) && count >= 0 ? count : 1;
}

/** A mapping, or a list of `NAME=VALUE`; a name without a value has that of the shell. */
function pairs(
  field: Field,
  variable: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const listed = field.items().map((item): readonly [string, string | null] => {
    const [name = "", ...rest] = (item.scalar() ?? "").split("=");
    return [name, rest.length === 0 ? null : rest.join("=")];
  });
  const mapped = field
    .entries()
    .map(([name, one]) => [name, one.value === null ? null : (one.scalar() ?? "")] as const);
  return Object.fromEntries(
    [...listed, ...mapped].flatMap(([name, text]) => {
      const known = text ?? variable(name);
      return known === undefined ? [] : [[name, known]];
    }),
  );
}

function envFilesOf(field: Field): readonly string[] {
  const files = typeof field.value === "string" ? [field] : field.items();
  return files.map((file) => file.scalar() ?? file.scalar("path") ?? "");
}

function aliasesOf(service: Field): readonly string[] {
  const networks = service.entries("networks").map(([, network]) => network);
  return [
    service.at("container_name"),
    service.at("hostname"),
    ...networks.flatMap((network) => network.items("aliases")),
  ].map((name) => name.scalar() ?? "");
}

/** `8080:6432`, `127.0.0.1:8080:6432/tcp`, 6432, or `{ target: 6432 }`. */
function containerPort(port: Field): number {
  const target = port.at("target").value;
  return Number(target ?? port.scalar()?.split("/")[0]?.split(":").at(-1));
}

/** `./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro`, or with source and target. */
function mountOf(mount: Field): readonly (readonly [string, string])[] {
  const [from, to] = mount.scalar()?.split(":") ?? [];
  const [source, target] = [from ?? mount.text("source"), to ?? mount.text("target")];
  return source !== undefined && target !== undefined ? [[target, source]] : [];
}

/** A config of the project, at its target; one of the same name at the root without. */
function configOf(config: Field, root: Field): readonly (readonly [string, string])[] {
  const name = config.scalar() ?? config.scalar("source") ?? "";
  const file = root.text("configs", name, "file");
  return file === undefined ? [] : [[config.scalar("target") ?? `/${name}`, file]];
}

function words(field: Field): readonly string[] {
  if (typeof field.value === "string")
    return field.value.split(/\s+/).filter((word) => word !== "");
  return field.items().map((word) => word.scalar() ?? "");
}
