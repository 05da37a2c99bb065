import type { SourceText } from "../../fleet/yaml.ts";
import type { ComposeSurroundings } from "./composeFile.ts";
import { asMapping } from "./composeMerge.ts";
import { BadCompose, readComposeValue, type ComposeValue } from "./composeValue.ts";
import { envVariables } from "./envFile.ts";
import { folderOf, pathFrom } from "./paths.ts";

/** The texts that are compose files, by project: each list is one, an override after its base. */
interface ComposeSources {
  readonly projects: readonly (readonly SourceText[])[];
  /** The texts that are no compose files. */
  readonly others: readonly SourceText[];
  readonly notes: readonly string[];
}

/** What may be one: cheap to ask of a text, so that other manifests are not parsed twice. */
const SECTIONS = /^(?:services|include):|"(?:services|include)"\s*:/m;

/** As docker compose looks for them; https://docs.docker.com/compose/intro/compose-application-model/. */
const DEFAULTS = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

const NAME = /(?:^|[-_.])compose(?:[-_.].*)?\.ya?ml$/;

/**
 * Which of these texts are compose files, and which of them are one project. Of a folder that was
 * given docker compose's own choice counts: the files of COMPOSE_FILE in its .env, else its
 * compose.yaml with the override beside it. Files of one folder that are given by name are one
 * project in their order, as `docker compose -f A -f B` makes it, where the first is called as docker
 * compose's own, a later one is about services of one before it, or COMPOSE_FILE names both.
 *
 * @param isNamed whether a file was given by its own name, not with its folder
 */
export function composeSources(
  sources: readonly SourceText[],
  isNamed: (file: string) => boolean,
  surroundings: Pick<ComposeSurroundings, "textOf">,
): ComposeSources {
  const values = new Map<SourceText, ComposeValue>();
  for (const source of sources) {
    const value = composeValue(source);
    if (value !== undefined) values.set(source, value);
  }
  const others = sources.filter((source) => !values.has(source));
  const projects: SourceText[][] = [];
  const notes: string[] = [];
  for (const [folder, together] of Map.groupBy(values.keys(), ({ name }) => folderOf(name))) {
    const [named, found] = [together.filter(isNamedSource), together.filter(isFound)];
    const listed = composeFileIn(folder, surroundings);
    const own: SourceText[][] = [];
    for (const source of named) {
      const base = own.findLast((one) => isOneProject(one, source, listed));
      if (base === undefined) own.push([source]);
      else base.push(source);
    }
    projects.push(...own);
    notes.push(...own.filter(({ length }) => length > 1).map(togetherNote));
    const chosen = listed.flatMap((path) => found.find(({ name }) => name === path) ?? []);
    if (chosen.length > 0) {
      projects.push(chosen);
      notes.push(
        ...found.filter((one) => !chosen.includes(one)).map((one) => leftOut(one, chosen)),
      );
      continue;
    }
    const main = DEFAULTS.map((name) => found.find((one) => baseName(one) === name)).find(
      (one) => one !== undefined,
    );
    const override = found.find((one) => OVERRIDE.test(baseName(one)));
    if (main === undefined) {
      projects.push(...found.map((one) => [one]));
      continue;
    }
    const project = override === undefined ? [main] : [main, override];
    projects.push(project);
    const rest = found.filter((one) => !project.includes(one));
    notes.push(...rest.map((one) => leftOut(one, [main])));
  }
  return { projects, others, notes };

  /** Whether a file belongs to a project of files that were given before it. */
  function isOneProject(
    project: readonly SourceText[],
    source: SourceText,
    listed: readonly string[],
  ): boolean {
    const [first] = project;
    if (first === undefined) return false;
    if (DEFAULTS.includes(baseName(first)) || isOverride(source, values.get(source))) return true;
    if ([first, source].every(({ name }) => listed.includes(name))) return true;
    const before = new Set(project.flatMap((one) => serviceNames(values.get(one))));
    return isAboutServices(values.get(source), before);
  }

  function isNamedSource({ name }: SourceText): boolean {
    return isNamed(name);
  }
  function isFound({ name }: SourceText): boolean {
    return !isNamed(name);
  }
}

function leftOut({ name }: SourceText, read: readonly SourceText[]): string {
  const files = read.map((one) => one.name).join(" ");
  return `Left out: ${name}: docker compose reads ${files}. To judge it, name it: weir verify ${files} ${name}`;
}

function togetherNote(project: readonly SourceText[]): string {
  const files = project.map(({ name }) => `-f ${name}`).join(" ");
  return `Read as one project: docker compose ${files}. To judge a file alone, give it alone`;
}

/** The files that the .env of a folder says are its project: COMPOSE_FILE. */
function composeFileIn(
  folder: string,
  { textOf }: Pick<ComposeSurroundings, "textOf">,
): readonly string[] {
  const env = envVariables(textOf(pathFrom(folder, ".env")) ?? "", () => undefined);
  const separator = env.get("COMPOSE_PATH_SEPARATOR")?.known ?? ":";
  const files = env.get("COMPOSE_FILE")?.known?.split(separator) ?? [];
  return files.filter((file) => file !== "").map((file) => pathFrom(folder, file));
}

function serviceNames(value: ComposeValue | undefined): readonly string[] {
  return value?.at("services").entries.map(([name]) => name) ?? [];
}

/** Whether a file has one of these services too, or one of its own that needs one of them. */
function isAboutServices(value: ComposeValue | undefined, names: ReadonlySet<string>): boolean {
  return (value?.at("services").entries ?? []).some(
    ([name, service]) => names.has(name) || neededBy(service).some((one) => names.has(one)),
  );
}

/** Names of services that a service depends on, or may call by their names. */
function neededBy(service: ComposeValue): readonly string[] {
  const needs = service.at("depends_on");
  const base = service.at("extends");
  const named = [
    ...needs.entries.map(([name]) => name),
    ...[...needs.list, ...service.at("links").list].map(({ text }) => text?.render() ?? ""),
    ...(base.at("file").exists ? [] : [(base.text ?? base.at("service").text)?.render() ?? ""]),
  ].map((name) => name.replace(/:.*$/, ""));
  const variables = asMapping(service.at("environment"), "environment").entries;
  const hosts = variables.flatMap(([name, { text }]) => {
    const value = text?.knownParts ?? "";
    const whole = /HOST|SERVER|ADDR/i.test(name) ? [value] : [];
    return [...whole, ...[...value.matchAll(HOST)].flatMap(([, host]) => host ?? [])];
  });
  return [...named, ...hosts];
}

/** A host in a URL, in `host=db` or before its port. */
const HOST = /(?:@|\/\/|host=|^(?=[\w.-]+:\d))([a-z0-9][\w.-]*)(?=$|[:/?,\s])/gi;

const OVERRIDE = /^(?:docker-)?compose\.override\.ya?ml$/;

/** It is called so, or one of its services can't stand alone: it has no image, and is not built. */
function isOverride(source: SourceText, value: ComposeValue | undefined): boolean {
  if (baseName(source).includes("override")) return true;
  return (value?.at("services").entries ?? []).some(([, service]) => !isWhole(service));
}

function isWhole(service: ComposeValue): boolean {
  return ["image", "build", "extends"].some((field) => service.at(field).exists);
}

function baseName({ name }: SourceText): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** The text as a compose file: services that have an image or are built; undefined where it is none. */
function composeValue(source: SourceText): ComposeValue | undefined {
  const { name: file, text } = source;
  if (file.endsWith(".ini") || !SECTIONS.test(text)) return undefined;
  try {
    const value = readComposeValue({ file, folder: "", variables: () => undefined }, text);
    if (value.at("apiVersion").exists || value.at("kind").exists) return undefined;
    const services = value.at("services").entries.map(([, service]) => service);
    const isNamed = NAME.test(baseName(source));
    if (isNamed && (services.length > 0 || value.at("include").exists)) return value;
    const isServices = services.every(({ mapping }) => mapping !== undefined);
    return isServices && services.some(isWhole) ? value : undefined;
  } catch (error) {
    if (error instanceof BadCompose) return undefined;
    throw error;
  }
}
