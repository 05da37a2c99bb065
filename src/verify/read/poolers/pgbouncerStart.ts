import type { Knowledge } from "../../knowledge/knowledge.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { Template } from "../../template.ts";
import {
  commandOf,
  isShell,
  mountAbove,
  type Container,
  type Environment,
} from "../../workload.ts";
import { containerCommand, programName, setCallsIn } from "../programs/commands.ts";
import { entrypointsOf, iniPathsOf } from "./pgbouncerImages.ts";
import type { ShellVariables } from "../programs/shell.ts";
import { inShell } from "../programs/shellValues.ts";

/** How a container starts PgBouncer. */
type PgBouncerStart =
  /** By its image's own entrypoint, in this environment: with the ini that it reads, or makes. */
  | { readonly kind: "image"; readonly environment: Environment }
  /** With these. */
  | { readonly kind: "inis"; readonly paths: readonly Template[] }
  | { readonly kind: "unread"; readonly question: MissingQuantity };

/** Files that a command names. */
const INIS = /[^\s"'`;&|=()]+\.ini(?![\w.])/g;

/**
 * Reads how a container of PgBouncer starts it: from its command, and from the scripts that this runs.
 * What an image makes of its variables counts only where its own entrypoint runs.
 */
export function pgbouncerStart(container: Container, knowledge: Knowledge): PgBouncerStart {
  const { pgbouncerIni } = container;
  if (pgbouncerIni !== undefined) return { kind: "inis", paths: [Template.of(pgbouncerIni)] };
  const rows = knowledge["pgbouncer-images"];
  const entrypoints = entrypointsOf(container, rows);
  const { paths: usual } = iniPathsOf(container, rows);
  const hidden = hiddenEntrypoint(container, entrypoints);
  if (hidden !== undefined) return unread(container, notGiven(`${hidden.path} of ${hidden.name}`));
  const started = withEntrypoint(container, entrypoints, usual);
  const named = namedInis(started);
  const { command, args } = started;
  if (command.length === 0 && (args[0] === undefined || args[0].text.test(/^-/))) {
    const { environment } = container;
    return named.length === 0 ? { kind: "image", environment } : { kind: "inis", paths: named };
  }
  const inis: Template[] = [];
  let images: Environment | undefined;
  let other: string | undefined;
  let isSourced = false;
  for (const { words: call, variables = new Map() } of setCallsIn(
    containerCommand(started, knowledge),
  )) {
    const program = call[0]?.known ?? "";
    // What `. FILE` sets is not known.
    isSourced ||= /^(?:\.|source|eval)$/.test(program);
    const isEntrypoint = entrypoints.includes(program);
    if (isEntrypoint) images = environmentOf(started, variables, isSourced);
    const words = isEntrypoint ? call.slice(1) : call;
    if (programName(words) !== "pgbouncer") {
      if (!isEntrypoint) other = program === "" ? call[0]?.render() : program;
      continue;
    }
    const word = iniWord(words.slice(1));
    const path = word && pathOf(word, started, variables, isSourced);
    if (path === undefined) {
      const what = word === undefined ? "no ini" : `${word.render()}, which is not known`;
      return unread(container, `its command starts pgbouncer with ${what}`);
    }
    // Arguments of the image's entrypoint, which has made its ini by then.
    const isOwn = isEntrypoint || (command.length === 0 && args[0]?.text.equals(call[0] ?? path));
    if (isOwn !== true || !usual.includes(path.known ?? "")) inis.push(path);
    else images ??= container.environment;
  }
  const written = writtenIni(inis, started);
  if (written !== undefined) {
    return unread(container, `its command writes ${written} before it starts pgbouncer with it`);
  }
  if (inis.length > 0) return { kind: "inis", paths: distinct(inis) };
  const replaced = images === undefined ? undefined : writtenPath(usual, started);
  if (replaced !== undefined) {
    return unread(container, `its command writes ${replaced}, which its image's entrypoint takes`);
  }
  if (images !== undefined) return { kind: "image", environment: images };
  if (named.length > 0) return { kind: "inis", paths: named };
  return unread(container, notGiven(other ?? "another program"));
}

function notGiven(program: string): string {
  return `its command runs ${program} in place of its image's entrypoint, and that is not among the files`;
}

function unread(container: Container, why: string): PgBouncerStart {
  return {
    kind: "unread",
    question: missing(
      `the configuration of PgBouncer: ${why}`,
      container.argsPlace,
      "name its ini in the command, pgbouncer /path/of/pgbouncer.ini, and mount that, or give the script that runs, where it is mounted",
    ),
  };
}

/** Something that is mounted over the image's entrypoint, and not among the objects. */
function hiddenEntrypoint(
  { command, files }: Container,
  entrypoints: readonly string[],
): Container["files"]["unknown"][number] | undefined {
  const isRun = (path: string): boolean =>
    command.length === 0
      ? entrypoints.includes(path)
      : command.some(({ text }) => text.known === path);
  const over = command.length === 0 ? entrypoints : command.flatMap(({ text }) => text.known ?? []);
  return (
    files.unknown.find(({ path }) => isRun(path) && !files.files.has(path)) ??
    over
      .filter((path) => path.startsWith("/") && !files.files.has(path))
      .map((path) => mountAbove(path, files.volumes))
      .find((volume) => volume !== undefined)
  );
}

/** The container, with the script that is mounted over its image's entrypoint as its command. */
function withEntrypoint(
  container: Container,
  entrypoints: readonly string[],
  [usual = "/etc/pgbouncer/pgbouncer.ini"]: readonly string[],
): Container {
  const { command, args, files, argsPlace: place } = container;
  const mounted = entrypoints.find((path) => files.files.has(path));
  if (command.length > 0 || mounted === undefined) return container;
  const argument = (text: string) => ({ text: Template.of(text), place });
  return {
    ...container,
    command: [argument(mounted)],
    args: args.length > 0 ? args : [argument("pgbouncer"), argument(usual)],
  };
}

/** The ini among the arguments of `pgbouncer`: https://www.pgbouncer.org/usage.html */
function iniWord(args: readonly Template[]): Template | undefined {
  return args.find((word, at) => {
    const isValue = args[at - 1]?.test(/^(?:-u|--user)$/) === true;
    return !isValue && !word.test(/^-/);
  });
}

function namedInis(container: Container): readonly Template[] {
  const [program] = commandOf(container);
  const found = commandOf(container)
    .flatMap((text) => text.matchAll(INIS))
    .flatMap(([path]) => path ?? []);
  const isInline = program !== undefined && isShell(program);
  // `${CONFIG:-/x.ini}` is no path.
  return distinct(isInline ? found.filter((path) => !path.test(/[$`{}]/)) : found);
}

function distinct(paths: readonly Template[]): readonly Template[] {
  return [...new Map(paths.map((path) => [path.render(), path])).values()];
}

/** Lines that write a file. */
const WRITES = />|\b(?:tee|cp|mv|install|ln)\s|\bsed\s[^\n]*-\w*i|\bcrudini\b|\bini-file\b/;

/** A mounted one of these that some script of the container writes. */
function writtenIni(inis: readonly Template[], container: Container): string | undefined {
  const words = writtenWords(container);
  return inis
    .map(({ known }) => known)
    .find((path) => path !== undefined && container.files.files.has(path) && words.includes(path));
}

/** One of these that some script of the container writes, or whose folder it copies something to. */
function writtenPath(paths: readonly string[], container: Container): string | undefined {
  const words = writtenWords(container).map((word) => word.replace(/\/$/, ""));
  return paths.find(
    (path) => words.includes(path) || words.includes(path.slice(0, path.lastIndexOf("/"))),
  );
}

/** The words of lines that write something. */
function writtenWords(container: Container): readonly string[] {
  return scriptsOf(container)
    .flatMap((text) => text.split("\n"))
    .filter((line) => line.test(WRITES) && !line.test(/^\s*#/))
    .flatMap((line) => line.matchAll(/[^\s;&|<>()"']+/g))
    .flatMap(([word]) => (word && inShell(word, container))?.known ?? []);
}

/** Texts that a shell may run in a container: its command's, and those of mounted files. */
export function scriptsOf(container: Container): readonly Template[] {
  const mounted = [...container.files.files.values()].filter(
    ({ path, text }) => path.endsWith(".sh") || /^#!.*sh\b/.test(text),
  );
  return [...commandOf(container), ...mounted.map(({ text }) => Template.of(text))];
}

/** The path that a word of a script is. */
function pathOf(
  word: Template,
  container: Container,
  variables: ShellVariables,
  isSourced: boolean,
): Template | undefined {
  if (isSourced && word.test(/\$/)) return undefined;
  const path = inShell(word, container, variables);
  return path?.test(/[$`*?]/) === true ? undefined : path;
}

/** What the image's entrypoint finds in its environment where a script starts it. */
function environmentOf(
  container: Container,
  assigned: ShellVariables,
  isSourced: boolean,
): Environment {
  const { environment, argsPlace: place } = container;
  const variables = new Map(environment.variables);
  for (const [name, text] of assigned) {
    const value =
      inShell(text, container, assigned) ?? Template.unknown(`what its command sets ${name} to`);
    variables.set(name, { name, value, place });
  }
  const script = { name: "its command", place, isProgram: true };
  return { variables, unknown: isSourced ? [...environment.unknown, script] : environment.unknown };
}
