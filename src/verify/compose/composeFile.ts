import type { SourceText } from "../../fleet/yaml.ts";
import { mergedValue } from "./composeMerge.ts";
import { BadCompose, readComposeValue, type ComposeValue } from "./composeValue.ts";
import { envVariables } from "./envFile.ts";
import { folderOf, pathFrom } from "./paths.ts";
import type { Variables } from "./variables.ts";
import { Template } from "../template.ts";

/** What a compose file refers to: the files beside it and the shell's variables. */
export interface ComposeSurroundings {
  /** The text of a file; undefined when it is not there. */
  readonly textOf: (path: string) => string | undefined;
  /** The names in a folder, a folder's with `/` at its end; undefined for what is no folder. */
  readonly namesIn: (path: string) => readonly string[] | undefined;
  /** The variables of the shell. */
  readonly shell: Readonly<Record<string, string | undefined>>;
}

/** What a compose file needs of another file that is not there. */
interface AbsentFile {
  readonly path: string;
  /** Where it is named. */
  readonly by: ComposeValue;
  /** The service that extends one of it; absent: its services are included. */
  readonly service?: string;
}

/** The services of a project, from its compose files and those that they name. */
export interface ComposeProject {
  /** Its first file. */
  readonly file: string;
  readonly services: ReadonlyMap<string, ComposeValue>;
  readonly configs: ReadonlyMap<string, ComposeValue>;
  readonly secrets: ReadonlyMap<string, ComposeValue>;
  readonly networks: ReadonlyMap<string, ComposeValue>;
  readonly absent: readonly AbsentFile[];
  /** Those of COMPOSE_PROFILES; absent where it names none. */
  readonly profiles?: readonly string[];
  /** Every compose file that was read. */
  readonly files: ReadonlySet<string>;
}

type Sections = Pick<ComposeProject, "services" | "configs" | "secrets" | "networks">;

const NOTHING: Sections = {
  services: new Map(),
  configs: new Map(),
  secrets: new Map(),
  networks: new Map(),
};

/**
 * Reads the compose files of one project, each over those before it, as `docker compose -f A -f B`
 * does, with what they extend and include.
 *
 * @throws BadCompose when one of them is no compose file
 */
export function readCompose(
  sources: readonly SourceText[],
  surroundings: ComposeSurroundings,
): ComposeProject {
  const reader = new ProjectReader(surroundings);
  const file = sources[0]?.name ?? "";
  const folder = folderOf(file);
  const { shell } = surroundings;
  const ofShell = (name: string): Template | undefined => {
    const value = shell[name];
    return value === undefined ? undefined : Template.of(value);
  };
  const variables = reader.withEnvFiles([pathFrom(folder, ".env")], ofShell);
  const sections = reader.sectionsOf(sources, folder, variables, []);
  const profiles = profilesIn(variables("COMPOSE_PROFILES")?.known ?? "");
  return {
    file,
    ...sections,
    absent: reader.absent,
    files: reader.files,
    ...(profiles.length > 0 && { profiles }),
  };
}

function profilesIn(list: string): readonly string[] {
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** A service that extends another one, which extends another one, and so on. */
const EXTENDS_MAX = 100;

class ProjectReader {
  readonly absent: AbsentFile[] = [];
  readonly files = new Set<string>();
  readonly #surroundings: ComposeSurroundings;

  constructor(surroundings: ComposeSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Variables of the shell, then those of env files. */
  withEnvFiles(paths: readonly string[], outer: Variables): Variables {
    const own = new Map<string, Template>();
    for (const path of paths) {
      const text = this.#surroundings.textOf(path) ?? "";
      for (const [name, value] of envVariables(text, outer, own)) own.set(name, value);
    }
    return (name) => outer(name) ?? own.get(name);
  }

  /** @param through the files that include these */
  sectionsOf(
    sources: readonly SourceText[],
    folder: string,
    variables: Variables,
    through: readonly string[],
  ): Sections {
    let sections = NOTHING;
    for (const { name: file, text } of sources) {
      this.files.add(file);
      const root = readComposeValue({ file, folder, variables }, text);
      const included = this.#included(root, variables, [...through, file]);
      const services = servicesIn(root, file);
      const own = new Map(
        [...services].map(([name, service]) => [name, this.#extended(name, service, services)]),
      );
      sections = over(over(sections, included), {
        services: own,
        configs: root.at("configs").mapping ?? new Map(),
        secrets: root.at("secrets").mapping ?? new Map(),
        networks: root.at("networks").mapping ?? new Map(),
      });
    }
    return sections;
  }

  #included(root: ComposeValue, variables: Variables, through: readonly string[]): Sections {
    let sections = NOTHING;
    for (const item of root.at("include").list) {
      const listed = item.text === undefined ? item.at("path").list : [item];
      const paths = listed.map((one) => pathFrom(one.source.folder, one.text?.render() ?? ""));
      const sources = paths.map((name) => ({ name, text: this.#surroundings.textOf(name) }));
      const found = sources.filter((one): one is SourceText => one.text !== undefined);
      for (const { name: path, text } of sources) {
        if (text === undefined) this.absent.push({ path, by: item });
      }
      if (paths.some((path) => through.includes(path))) {
        throw new BadCompose(`${root.source.file}: includes itself`);
      }
      const [first = ""] = paths;
      const directory = item.at("project_directory").text?.known;
      const folder =
        directory === undefined ? folderOf(first) : pathFrom(root.source.folder, directory);
      const envFiles = item.at("env_file").list.flatMap(({ text }) => text?.known ?? []);
      const own = this.withEnvFiles(
        envFiles.length > 0
          ? envFiles.map((path) => pathFrom(root.source.folder, path))
          : [pathFrom(folder, ".env")],
        variables,
      );
      sections = over(sections, this.sectionsOf(found, folder, own, through));
    }
    return sections;
  }

  #extended(
    name: string,
    service: ComposeValue,
    services: ReadonlyMap<string, ComposeValue>,
    depth = 0,
  ): ComposeValue {
    const by = service.at("extends");
    if (!by.exists) return service;
    const { file: ownFile, variables } = service.source;
    if (depth > EXTENDS_MAX) throw new BadCompose(`${ownFile}: service ${name} extends itself`);
    const other = (by.text ?? by.at("service").text)?.render() ?? "";
    const named = by.at("file").text?.render();
    const path = named === undefined ? undefined : pathFrom(by.source.folder, named);
    const text = path === undefined ? undefined : this.#surroundings.textOf(path);
    let found = services;
    if (path !== undefined && text !== undefined) {
      this.files.add(path);
      const source = { file: path, folder: folderOf(path), variables };
      found = servicesIn(readComposeValue(source, text), path);
    } else if (path !== undefined) found = new Map();
    const base = found.get(other);
    if (base === undefined) {
      this.absent.push({ path: path ?? `service ${other}`, by, service: name });
      return service;
    }
    return mergedValue(this.#extended(other, base, found, depth + 1), service);
  }
}

function servicesIn(root: ComposeValue, file: string): ReadonlyMap<string, ComposeValue> {
  const services = root.at("services");
  if (services.mapping === undefined && (services.exists || !root.at("include").exists)) {
    throw new BadCompose(`${file}: has no services: is it a compose file?`);
  }
  for (const [name, { mapping, content, tag }] of services.entries) {
    if (mapping === undefined && content !== null && tag === undefined) {
      throw new BadCompose(`${file}: services.${name} must be a mapping`);
    }
  }
  return services.mapping ?? new Map();
}

function over(base: Sections, above: Sections): Sections {
  const merged = (section: keyof Sections): ReadonlyMap<string, ComposeValue> => {
    const values = new Map(base[section]);
    for (const [name, value] of above[section]) {
      const before = values.get(name);
      if (value.tag === "reset") values.delete(name);
      else values.set(name, before === undefined ? value : mergedValue(before, value));
    }
    return values;
  };
  return {
    services: merged("services"),
    configs: merged("configs"),
    secrets: merged("secrets"),
    networks: merged("networks"),
  };
}
