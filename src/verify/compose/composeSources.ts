import type { SourceText } from "../../fleet/yaml.ts";
import { BadCompose, readComposeValue, type ComposeValue } from "./composeValue.ts";
import { folderOf } from "./paths.ts";

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
 * given docker compose's own choice counts: its compose.yaml, with the override beside it. Of files
 * given by name each is a project, unless it stands beside the one before and overrides it.
 *
 * @param isNamed whether a file was given by its own name, not with its folder
 */
export function composeSources(
  sources: readonly SourceText[],
  isNamed: (file: string) => boolean,
): ComposeSources {
  const values = new Map<SourceText, ComposeValue>();
  for (const source of sources) {
    const value = composeValue(source);
    if (value !== undefined) values.set(source, value);
  }
  const others = sources.filter((source) => !values.has(source));
  const projects: SourceText[][] = [];
  const notes: string[] = [];
  for (const [, together] of Map.groupBy(values.keys(), ({ name }) => folderOf(name))) {
    const [named, found] = [together.filter(isNamedSource), together.filter(isFound)];
    for (const source of named) {
      const base = projects.at(-1);
      const isBeside = base !== undefined && base.some((one) => named.includes(one));
      if (isBeside && isOverride(source, values.get(source))) base.push(source);
      else projects.push([source]);
    }
    const main = DEFAULTS.map((name) => found.find((one) => baseName(one) === name)).find(
      (one) => one !== undefined,
    );
    const override = found.find((one) => OVERRIDE.test(baseName(one)));
    if (main === undefined) {
      projects.push(...found.map((one) => [one]));
      continue;
    }
    projects.push(override === undefined ? [main] : [main, override]);
    const rest = found.filter((one) => one !== main && one !== override);
    for (const { name } of rest) {
      notes.push(
        `Left out: ${name}: docker compose reads ${main.name}. To judge it, name it: weir verify ${main.name} ${name}`,
      );
    }
  }
  return { projects, others, notes };

  function isNamedSource({ name }: SourceText): boolean {
    return isNamed(name);
  }
  function isFound({ name }: SourceText): boolean {
    return !isNamed(name);
  }
}

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
