import {
  readCompose,
  type ComposeProject,
  type ComposeSurroundings,
} from "../../src/verify/compose/composeFile.ts";
import { composeSystem, type ReadProject } from "../../src/verify/compose/composeSystem.ts";
import type { AnnotationOverrides } from "../../src/verify/read/objects/inventory.ts";
import { PRODUCTS } from "./products.ts";

/** Files by their paths: the first is the compose file. */
export type ComposeTexts = Readonly<Record<string, string>>;

interface ProjectOptions {
  /** Variables of the shell. */
  readonly shell?: Readonly<Record<string, string>>;
  /** More files of the project, after the first. */
  readonly over?: readonly string[];
  readonly profiles?: readonly string[];
  readonly overrides?: AnnotationOverrides;
}

function surroundingsOf(files: ComposeTexts, { shell = {} }: ProjectOptions): ComposeSurroundings {
  const paths = Object.keys(files);
  return {
    textOf: (path) => files[path],
    namesIn: (folder) => {
      const below = paths.filter((path) => path.startsWith(`${folder}/`));
      const names = below.map((path) => path.slice(folder.length + 1).replace(/\/.*/, "/"));
      return names.length === 0 ? undefined : [...new Set(names)];
    },
    shell,
  };
}

export function projectOf(files: ComposeTexts, options: ProjectOptions = {}): ComposeProject {
  const [main = ""] = Object.keys(files);
  const sources = [main, ...(options.over ?? [])].map((name) => ({
    name,
    text: files[name] ?? "",
  }));
  return readCompose(sources, surroundingsOf(files, options));
}

/** The services of a project, and its system. */
export function composedOf(files: ComposeTexts, options: ProjectOptions = {}): ReadProject {
  const { profiles, overrides } = options;
  return composeSystem(projectOf(files, options), {
    surroundings: surroundingsOf(files, options),
    products: PRODUCTS,
    ...(profiles && { profiles }),
    ...(overrides && { overrides }),
  });
}

/** What a service's container gets: each part as people read it. */
export function containerOf(files: ComposeTexts, service: string, options: ProjectOptions = {}) {
  const found = composedOf(files, options).services.find(({ name }) => name === service);
  const [container] = found?.workload.containers ?? [];
  if (found === undefined || container === undefined) throw new Error(`there is no ${service}`);
  const { environment, files: mounted } = container;
  return {
    image: container.image,
    command: container.args.map(({ text }) => text.render()),
    entrypoint: container.command.map(({ text }) => text.render()),
    environment: Object.fromEntries(
      [...environment.variables].map(([name, { value }]) => [name, value.render()]),
    ),
    files: Object.fromEntries([...mounted.files].map(([path, { from }]) => [path, from])),
    hidden: [...environment.unknown, ...mounted.unknown].map(({ name }) => name),
    ports: container.ports.map(([, port]) => port),
    hosts: found.hosts,
    pods: found.workload.pods,
  };
}
