import type { Problem } from "../fleet/problem.ts";
import type { SourceText } from "../fleet/yaml.ts";
import { readCompose, type ComposeProject } from "../verify/compose/composeFile.ts";
import { composeSources } from "../verify/compose/composeSources.ts";
import { composeSystem, serviceNames } from "../verify/compose/composeSystem.ts";
import { BadCompose } from "../verify/compose/composeValue.ts";
import type { AnnotationOverrides } from "../verify/read/objects/inventory.ts";
import type { ManifestObject } from "../verify/sourcePosition.ts";
import type { System } from "../verify/system.ts";
import type { Products } from "../verify/read/adapter.ts";
import { Failure, type Shell } from "./shell.ts";

/** The compose files among what verify was given. */
interface ComposeInput {
  readonly projects: readonly ComposeProject[];
  /** The texts that are no compose files. */
  readonly others: readonly SourceText[];
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
}

/** Reads the compose files among these texts, with the files that they refer to. */
export function readComposeFiles(
  sources: readonly SourceText[],
  isNamed: (file: string) => boolean,
  shell: Shell,
): ComposeInput {
  const surroundings = surroundingsIn(shell);
  const { projects: groups, others, notes } = composeSources(sources, isNamed, surroundings);
  const projects: ComposeProject[] = [];
  const problems: Problem[] = [];
  for (const group of groups) {
    try {
      projects.push(readCompose(group, surroundings));
    } catch (error) {
      if (!(error instanceof BadCompose)) throw error;
      const [first] = group;
      const allowed = error.message.replace(/^[^:]*: /, "");
      problems.push({ file: first?.name ?? "", line: 1, column: 1, allowed });
    }
  }
  // What another one extends or includes is no project of its own, unless it was named.
  const parts = new Set(
    projects.flatMap(({ files, file }) => [...files].filter((one) => one !== file)),
  );
  const whole = projects.filter(({ file }) => isNamed(file) || !parts.has(file));
  return { projects: whole, others, notes, problems };
}

/** The systems of compose projects. */
interface ComposeSystems {
  readonly systems: readonly System[];
  /** The services, as objects. */
  readonly services: readonly ManifestObject[];
  /** The other objects, but the inis that services use. */
  readonly manifests: readonly ManifestObject[];
}

/** What stands before the names of a project's services: where there are several, its file. */
function prefixOf({ file }: ComposeProject, projects: readonly ComposeProject[]): string {
  return projects.length === 1 ? "" : file;
}

/** The names of all services, as --annotate takes them. */
export function composeNames({ projects }: ComposeInput): readonly string[] {
  return projects.flatMap((project) => serviceNames(project, prefixOf(project, projects)));
}

/**
 * The projects as systems.
 *
 * @param objects what else was read: a bare ini among them is that of the project's PgBouncer where
 *   only one can be it
 */
export function composeSystems(
  { projects }: ComposeInput,
  objects: readonly ManifestObject[],
  options: {
    readonly overrides: AnnotationOverrides;
    readonly profiles?: readonly string[];
    readonly products: Products;
  },
  shell: Shell,
): ComposeSystems {
  const inis = objects.filter(({ file, apiVersion }) => apiVersion === "" && file.endsWith(".ini"));
  const [ini, another] = inis;
  const surroundings = surroundingsIn(shell);
  const read = projects.map((project) =>
    composeSystem(project, {
      ...options,
      surroundings,
      prefix: prefixOf(project, projects),
      ...(ini !== undefined && another === undefined && projects.length === 1 && { ini }),
    }),
  );
  const used = new Set(read.flatMap(({ files }) => [...files]));
  return {
    systems: read.map(({ system }) => system),
    services: read.flatMap(({ services }) => services.map(({ workload }) => workload.object)),
    manifests: objects.filter((object) => !inis.includes(object) || !used.has(object.file)),
  };
}

function surroundingsIn({ read, list, env }: Shell) {
  return {
    textOf: (path: string): string | undefined => {
      try {
        return list(path) === undefined ? read(path) : undefined;
      } catch (error) {
        if (error instanceof Failure) return undefined;
        throw error;
      }
    },
    namesIn: (path: string): readonly string[] | undefined => {
      try {
        return list(path === "" ? "." : path);
      } catch (error) {
        // A folder of data that is another user's.
        if (error instanceof Failure) return [];
        throw error;
      }
    },
    shell: env,
  };
}
