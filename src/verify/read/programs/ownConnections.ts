import { POOL_MAX_ANNOTATION } from "../../../api/names.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { imagePattern } from "../../knowledge/namePatterns.ts";
import { missing, mostOf, type Quantity } from "../../quantity.ts";
import type { Template } from "../../template.ts";
import { mountAbove, type Container, type Workload } from "../../workload.ts";
import { callsIn, containerCommand, fit, WAITED } from "./commands.ts";
import { countOf, programOf, type ProgramRow, type Unclear } from "./programs.ts";
import { isGiven } from "./waiting.ts";

/**
 * The connections that a process of a container opens, where all programs of its command are such
 * that no pool variable reaches them (psql, pg_dump, migrations). Undefined where another program
 * runs there too, or where an annotation says it.
 *
 * @param servers calls that start a server, which opens none
 */
export function ownConnections(
  workload: Workload,
  container: Container,
  knowledge: Knowledge,
  servers: readonly (readonly Template[])[] = [],
): Quantity | undefined {
  if (workload.annotation(POOL_MAX_ANNOTATION) !== undefined) return undefined;
  const all = callsIn(containerCommand(container, knowledge));
  const calls = all.filter((words) => !servers.includes(words));
  const opened: Quantity[] = [];
  for (const words of calls) {
    const program = programOf(words, container, knowledge);
    if (program?.connections === undefined) return undefined;
    const what = `how many connections ${program.name} of container ${container.name} opens`;
    const unclear: Unclear = (why, place = container.argsPlace) =>
      missing(
        `${what}: ${why}`,
        place,
        `annotate its pod template with ${POOL_MAX_ANNOTATION}: "N"`,
      );
    const { name, connections } = program;
    if (connections === 0) continue;
    opened.push(countOf(connections, words, container, (count) => counted(count, name), unclear));
  }
  return opened.length === 0 ? undefined : mostOf(opened);
}

/** A program of the image's own may have the name of a utility in another folder. */
const UTILITY = /^(?:(?:\/usr)?\/s?bin\/)?[^/]+$/;

/**
 * Whether all programs of a container are such that connect to no Postgres, whatever they are given:
 * copies of files, monitors, stores of another kind, probes of a port. Arguments alone are of the
 * image's own program, which then is one of these.
 */
export function isNoClient(container: Container, knowledge: Knowledge): boolean {
  const { command, hooks = [], image } = container;
  const calls = callsIn(containerCommand(container, knowledge));
  const isProducts = knowledge.programs.some(
    ({ neverClient, images }) => neverClient === true && imagePattern(images).test(image),
  );
  return (
    hooks.length === 0 &&
    calls.length > 0 &&
    calls.every((words) => {
      const program = programOf(words, container, knowledge);
      const isImages = command.length === 0 || words[0]?.isEmpty === true;
      if (isImages && imagePattern(program?.images).test(image)) {
        return program?.neverClient === true;
      }
      if (isProducts && isImagesScript(words, program, container)) return true;
      // What the entrypoint of another image does first is not known.
      return (isProducts || command.length > 0) && isOfNobody(words, program, knowledge);
    })
  );
}

/**
 * Whether a container connects only where its variables, its files or a person tell it: what it depends
 * on says nothing of it.
 */
export function connectsAsTold(container: Container, knowledge: Knowledge): boolean {
  if (isNoClient(container, knowledge)) return true;
  const isOfImage = knowledge.programs.some(
    ({ asTold, neverClient, images }) =>
      (asTold ?? neverClient) === true && imagePattern(images).test(container.image),
  );
  if (isOfImage && container.command.length === 0) return true;
  const calls = callsIn(containerCommand(container, knowledge));
  return (
    calls.length > 0 &&
    calls.every((words) => {
      const program = programOf(words, container, knowledge);
      return program?.asTold === true || isOfNobody(words, program, knowledge);
    })
  );
}

function isOfNobody(
  words: readonly Template[],
  program: ProgramRow | undefined,
  knowledge: Knowledge,
): boolean {
  if (words[0]?.test(UTILITY) !== true) return false;
  return program?.neverClient === true || isProbe(words, program) || isWait(words, knowledge);
}

/** A script that the image has: no mount covers it. */
function isImagesScript(
  words: readonly Template[],
  program: ProgramRow | undefined,
  { files }: Container,
): boolean {
  const path = words[0]?.known ?? "";
  if (program !== undefined || !path.startsWith("/") || files.files.has(path)) return false;
  return mountAbove(path, [...files.unknown, ...(files.volumes ?? [])]) === undefined;
}

/** `nc -z HOST PORT`, `pg_isready`: it sees whether somebody listens. */
function isProbe(words: readonly Template[], program: ProgramRow | undefined): boolean {
  const { probes } = program ?? {};
  if (probes === undefined || probes === true) return probes === true;
  return words.some((word) => probes.some((flag) => isGiven(flag, word)));
}

/** `wait-for-it HOST:PORT`, and nothing that it starts. */
function isWait(words: readonly Template[], { wrappers }: Knowledge): boolean {
  const isOf = wrappers.some(
    ({ waits, calls }) => waits === true && calls.some((call) => fit(call, words) > 0),
  );
  return isOf && words.slice(1).every((word) => word.test(WAITED));
}

function counted(count: number, name: string): string {
  return count === 1 ? `one connection of ${name}` : `${count} connections of ${name}`;
}
