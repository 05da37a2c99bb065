import { parse } from "yaml";
import { isMapping } from "../../api/objectName.ts";
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

/** What a compose file says. */
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

/** What a compose file is read with. */
export interface ComposeSurroundings {
  /** Of the shell, else of the file `.env` beside it. */
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
  const root = withVariables(parsed(file, text), variable);
  if (!isMapping(root) || !isMapping(root["services"])) {
    throw new BadCompose(`${file}: has no services: is it a compose file?`);
  }
  const configs = mapping(root["configs"]);
  const services = Object.entries(root["services"]).map(([name, value]) => {
    if (!isMapping(value)) throw new BadCompose(`${file}: services.${name} must be a mapping`);
    const fromFiles = envFilesOf(value["env_file"]).map((path) => envFile(path) ?? {});
    return {
      name,
      image: plain(value["image"]),
      replicas: replicasOf(value),
      environment: Object.assign({}, ...fromFiles, pairs(value["environment"], variable)),
      labels: pairs(value["labels"], variable),
      command: words(value["command"]),
      entrypoint: words(value["entrypoint"]),
      aliases: aliasesOf(value).filter((alias) => alias !== name),
      ports: [
        ...list(value["ports"]).map(containerPort),
        ...list(value["expose"]).map(Number),
      ].filter((port) => Number.isInteger(port) && port > 0),
      files: Object.fromEntries([
        ...list(value["volumes"]).flatMap(mountOf),
        ...list(value["configs"]).flatMap((config) => configOf(config, configs)),
      ]),
    };
  });
  const extending = Object.entries(root["services"]).filter(
    ([, value]) => isMapping(value) && value["extends"] !== undefined,
  );
  return {
    services,
    elsewhere: [
      ...(root["include"] === undefined ? [] : ["include"]),
      ...extending.map(([name]) => `service ${name}: extends`),
    ],
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

function replicasOf(service: Readonly<Record<string, unknown>>): number {
  const count = Number(mapping(service["deploy"])["replicas"] ?? service["scale"] ?? 1);
  return Number.isInteger(count) && count >= 0 ? count : 1;
}

/** A mapping, or a list of `NAME=VALUE`; a name without a value has that of the shell. */
function pairs(
  value: unknown,
  variable: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const entries: readonly (readonly [string, unknown])[] = isMapping(value)
    ? Object.entries(value)
    : list(value).map((item) => {
        const [name = "", ...rest] = plain(item).split("=");
        return [name, rest.length === 0 ? null : rest.join("=")] as const;
      });
  return Object.fromEntries(
    entries.flatMap(([name, item]) => {
      const known = item === null ? variable(name) : plain(item);
      return known === undefined ? [] : [[name, known]];
    }),
  );
}

function envFilesOf(value: unknown): readonly string[] {
  return (typeof value === "string" ? [value] : list(value)).map((item) =>
    plain(isMapping(item) ? item["path"] : item),
  );
}

function aliasesOf(service: Readonly<Record<string, unknown>>): readonly string[] {
  const networks = Object.values(mapping(service["networks"]));
  return [
    plain(service["container_name"]),
    plain(service["hostname"]),
    ...networks.flatMap((network) => list(mapping(network)["aliases"]).map(plain)),
  ].filter((name) => name !== "");
}

/** `8080:6432`, `127.0.0.1:8080:6432/tcp`, 6432, or `{ target: 6432 }`. */
function containerPort(value: unknown): number {
  if (isMapping(value)) return Number(value["target"]);
  return Number(plain(value).split("/")[0]?.split(":").at(-1));
}

/** `./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro`, or with source and target. */
function mountOf(value: unknown): readonly (readonly [string, string])[] {
  if (isMapping(value)) {
    const { source, target } = value;
    return typeof source === "string" && typeof target === "string" ? [[target, source]] : [];
  }
  const [source, target] = plain(value).split(":");
  return source !== undefined && target !== undefined ? [[target, source]] : [];
}

/** A config of the project, at its target; one of the same name at the root without. */
function configOf(
  value: unknown,
  configs: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string])[] {
  const name = plain(isMapping(value) ? value["source"] : value);
  const target = isMapping(value) ? plain(value["target"]) : "";
  const { file } = mapping(configs[name]);
  return typeof file === "string" ? [[target === "" ? `/${name}` : target, file]] : [];
}

function words(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(/\s+/).filter((word) => word !== "");
  return list(value).map(plain);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : {};
}

function plain(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? `${value}`
    : "";
}
