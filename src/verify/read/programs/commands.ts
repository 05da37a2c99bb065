import type { Knowledge } from "../../knowledge/knowledge.ts";
import { imagePattern } from "../../knowledge/namePatterns.ts";
import { Template } from "../../template.ts";
import { commandOf, isShell, type Container } from "../../workload.ts";
import { shellCommands, type ShellCommand, type ShellVariables } from "./shell.ts";

/** A script that runs another, and so on: deeper ones are taken as programs of their own. */
const DEPTH_MAX = 8;

/**
 * The programs that a container runs, each with its words, and without those that only run others
 * (`tini --`, `poetry run`, a shell and its script, also one in a mounted file). The image's own
 * program has an empty name.
 */
export function containerCommand(container: Container, knowledge: Knowledge): ShellCommand {
  const { commands } = indexOf(knowledge.wrappers);
  const before = commands.get(container);
  if (before !== undefined) return before;
  const found = commandIn(container, knowledge);
  commands.set(container, found);
  return found;
}

function commandIn(container: Container, knowledge: Knowledge): ShellCommand {
  const args = imagesArguments(container, knowledge);
  const isImages = args !== undefined && (args[0] === undefined || args[0].test(/^-/));
  const words = isImages ? [Template.of(""), ...args] : (args ?? commandOf(container));
  const { wrappers } = knowledge;
  return programsOf({ kind: "words", words }, { files: container.files, wrappers, depth: 0 });
}

/**
 * What a container gives to its image's own entrypoint: its arguments, where it has no command; what
 * follows the entrypoint's path, where the command names that, behind wrappers or not, and the image
 * is one of which a row of programs.yaml is. Undefined where the command names another program.
 */
export function imagesArguments(
  container: Container,
  { wrappers, programs }: Knowledge,
): readonly Template[] | undefined {
  let words = commandOf(container);
  if (container.command.length === 0) return words;
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    const [program, ...rest] = words;
    if (program === undefined) return undefined;
    const inner = isShell(program) ? fileWords(rest) : wrappedWords(words, wrappers);
    const isItself = wrappersCalled(programName(words) ?? "", wrappers).some(
      ({ entrypoint }) => entrypoint === true,
    );
    if (isItself) {
      const isKnown = !isMounted(program.known ?? "", container) && hasRow(container, programs);
      return isKnown ? rest : undefined;
    }
    if (inner === undefined) return undefined;
    words = inner;
  }
  return undefined;
}

/** `sh FILE ARGUMENT…`: the file and its arguments. */
function fileWords(words: readonly Template[]): readonly Template[] | undefined {
  const { script, args } = shellWords(words);
  return script === undefined ? args : undefined;
}

/** Whether a file of an image's own name is another one, from outside the image. */
function isMounted(path: string, { files }: Container): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (
    [...files.files.keys()].some((file) => file.endsWith(`/${name}`)) ||
    files.unknown.some(({ path: mount }) => mount.endsWith(`/${name}`) || isWithin(path, mount))
  );
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

function hasRow({ image }: Container, programs: Knowledge["programs"]): boolean {
  return programs.some(({ images }) => images !== undefined && imagePattern(images).test(image));
}

/** The calls in a command, in its order. */
export function callsIn(command: ShellCommand): readonly (readonly Template[])[] {
  return setCallsIn(command).map(({ words }) => words);
}

/** A call, and what the scripts around it set. */
interface SetCall {
  readonly words: readonly Template[];
  readonly variables?: ShellVariables;
}

/** The same, each with its variables. */
export function setCallsIn(command: ShellCommand): readonly SetCall[] {
  switch (command.kind) {
    case "words":
      return [command];
    case "sequence":
      return command.steps.flatMap((step) => setCallsIn(step.command));
    case "pipeline":
      return command.commands.flatMap(setCallsIn);
    case "loop":
    default:
      return setCallsIn(command.body);
  }
}

/** The name of a program without its folder; undefined where a part of it is unknown. */
export function programName(words: readonly Template[]): string | undefined {
  const path = words[0]?.known;
  return path?.slice(path.lastIndexOf("/") + 1);
}

/**
 * Whether words call a program: `celery worker` is a call of celery that has the word worker among
 * its others. The number of words that fit, 0 where they don't.
 */
export function fit(call: string, words: readonly Template[]): number {
  const name = programName(words) ?? "";
  // Most calls are of other programs.
  if (!call.startsWith(name) && !call.includes("*")) return 0;
  const [program = "", ...more] = call.split(" ");
  if (!isNamed(program, name)) return 0;
  let at = 0;
  for (const word of more) {
    at = words.findIndex((one, index) => index > at && isNamed(word, one.known ?? ""));
    if (at === -1) return 0;
  }
  return 1 + more.length;
}

/** Whether a name is the pattern's, in which `*` stands for any text without a slash. */
export function isNamed(pattern: string, name: string): boolean {
  if (!pattern.includes("*")) return pattern === name;
  const [first = "", ...rest] = pattern.split("*");
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const isLast = index === rest.length - 1;
    const next = isLast ? name.length - part.length : name.indexOf(part, at);
    if (next < at || !name.endsWith(isLast ? part : "")) return false;
    if (name.slice(at, next).includes("/")) return false;
    at = next + part.length;
  }
  return true;
}

interface Scope extends Pick<Container, "files">, Pick<Knowledge, "wrappers"> {
  readonly depth: number;
  /** What the scripts around it set. */
  readonly variables?: ShellVariables;
}

function programsOf(command: ShellCommand, scope: Scope): ShellCommand {
  switch (command.kind) {
    case "words":
      return scope.depth > DEPTH_MAX
        ? command
        : programOf(command.words, withVariables(scope, command.variables));
    case "sequence": {
      const steps = command.steps.map((step) => ({
        ...step,
        command: programsOf(step.command, scope),
      }));
      return { kind: "sequence", steps };
    }
    case "pipeline":
      return { ...command, commands: command.commands.map((one) => programsOf(one, scope)) };
    case "loop":
    default:
      return { kind: "loop", body: programsOf(command.body, scope) };
  }
}

/** The innermost that is set counts. */
function withVariables(scope: Scope, variables: ShellVariables = new Map()): Scope {
  if (variables.size === 0) return scope;
  return { ...scope, variables: new Map([...(scope.variables ?? []), ...variables]) };
}

function programOf(words: readonly Template[], scope: Scope): ShellCommand {
  const [program, ...rest] = words;
  const inner = { ...scope, depth: scope.depth + 1 };
  const { variables } = scope;
  const itself: ShellCommand = {
    kind: "words",
    words,
    ...(variables !== undefined && { variables }),
  };
  if (program === undefined) return itself;
  const ofScript = (script: Template, args: readonly Template[]): ShellCommand =>
    programsOf(shellCommands(script, args, variables), inner);
  if (isShell(program)) {
    const { script, args } = shellWords(rest);
    if (script !== undefined) return ofScript(script, args);
    return args.length === 0 ? itself : programOf(args, inner);
  }
  const mounted = scope.files.files.get(program.known ?? "")?.text;
  if (mounted !== undefined && /^(?:#!.*sh\b|(?!#!))/.test(mounted)) {
    return ofScript(Template.of(mounted), rest);
  }
  const text = wrappedScript(words, scope.wrappers);
  if (text !== undefined) return ofScript(text, []);
  // What the entrypoint of an image does besides is not known.
  if (isEntrypoint(words, scope.wrappers) && rest[0] !== undefined && isShell(rest[0])) {
    const own: ShellCommand = { ...itself, words: [program] };
    const steps = [own, programOf(rest, inner)];
    return {
      kind: "sequence",
      steps: steps.map((command) => ({ command, isInBackground: false })),
    };
  }
  const wrapped = wrappedWords(words, scope.wrappers);
  if (wrapped === undefined) return itself;
  const set = words.slice(0, words.length - wrapped.length).flatMap(assignedIn);
  return programsOf({ kind: "words", words: wrapped }, withVariables(inner, new Map(set)));
}

/** `env NAME=value app`. */
function assignedIn(word: Template): readonly (readonly [string, Template])[] {
  const [, name, value] = word.match(/^([a-zA-Z_]\w*)=([^]*)$/) ?? [];
  return name === undefined || value === undefined ? [] : [[name.render(), value]];
}

/** The text that a program hands to a shell: `su postgres -c TEXT`. */
function wrappedScript(
  words: readonly Template[],
  wrappers: readonly Wrapper[],
): Template | undefined {
  for (const wrapper of wrappersCalled(programName(words) ?? "", wrappers)) {
    const { scripts = [] } = wrapper;
    const at = words.findIndex((word) => scripts.includes(word.known ?? ""));
    if (at > 0 && at < ownEnd(wrapper, words)) return words[at + 1];
  }
  return undefined;
}

/** Where a wrapper's own words end: those of `su USER -c TEXT` may stand behind the user. */
function ownEnd(
  { arguments: count, dashes, values = [] }: Wrapper,
  words: readonly Template[],
): number {
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined || word.test(/^--$/)) return at;
    if (takesNext(word, values)) at += 1;
    else if (count === undefined && dashes !== true && !word.test(/^(?:-|\w+=)/)) return at;
  }
  return words.length;
}

/** What a shell's words give it: a script and its arguments, or the file of one and its arguments. */
function shellWords(words: readonly Template[]): {
  readonly script?: Template | undefined;
  readonly args: readonly Template[];
} {
  let isScript = false;
  let at = 0;
  for (; words[at]?.test(/^[-+]./) === true; at += 1) {
    const word = words[at];
    if (word?.test(/^--$/)) {
      at += 1;
      break;
    }
    isScript ||= word?.test(/^-\w*c\w*$/) === true;
    // `-o pipefail`.
    if (word?.test(/^(?:[-+]\w*o|--(?:rcfile|init-file))$/)) at += 1;
  }
  const args = words.slice(at);
  return isScript ? { script: args[0] ?? Template.of(""), args: args.slice(2) } : { args };
}

type Wrapper = Knowledge["wrappers"][number];

/** What was found with a table, which is asked several times for each container of a system. */
interface WrapperIndex {
  readonly commands: WeakMap<Container, ShellCommand>;
  /** The rows that have a call of a program of that name, in their order. */
  readonly byProgram: Map<string, readonly Wrapper[]>;
}

const INDEXES = new WeakMap<readonly Wrapper[], WrapperIndex>();

function indexOf(wrappers: readonly Wrapper[]): WrapperIndex {
  const before = INDEXES.get(wrappers);
  if (before !== undefined) return before;
  const index = { commands: new WeakMap<Container, ShellCommand>(), byProgram: new Map() };
  INDEXES.set(wrappers, index);
  return index;
}

function wrappersCalled(program: string, wrappers: readonly Wrapper[]): readonly Wrapper[] {
  const { byProgram } = indexOf(wrappers);
  const before = byProgram.get(program);
  if (before !== undefined) return before;
  const called = wrappers.filter(({ calls }) =>
    calls.some((call) => isNamed(call.split(" ", 1)[0] ?? "", program)),
  );
  byProgram.set(program, called);
  return called;
}

/** The words of the program that a wrapper runs; undefined where the words are no wrapper's. */
function wrappedWords(
  words: readonly Template[],
  wrappers: readonly Wrapper[],
): readonly Template[] | undefined {
  for (const wrapper of wrappersCalled(programName(words) ?? "", wrappers)) {
    const size = Math.max(0, ...wrapper.calls.map((call) => adjacentFit(call, words)));
    if (size === 0 || isOfImage(wrapper)) continue;
    const rest = afterWrapper(wrapper, words.slice(size));
    return rest.length === 0 ? undefined : rest;
  }
  return undefined;
}

/** An entrypoint of which it is not known that it runs what follows, whatever the image is. */
function isOfImage({ entrypoint, flagless }: Wrapper): boolean {
  return entrypoint === true && flagless !== true;
}

function isEntrypoint(words: readonly Template[], wrappers: readonly Wrapper[]): boolean {
  return wrappersCalled(programName(words) ?? "", wrappers).some(isOfImage);
}

/** As `fit`, where the words of the call come one after another. */
function adjacentFit(call: string, words: readonly Template[]): number {
  const parts = call.split(" ");
  return fit(call, words.slice(0, parts.length)) === parts.length ? parts.length : 0;
}

function afterWrapper(wrapper: Wrapper, words: readonly Template[]): readonly Template[] {
  const { values = [], stops = [], flagless, dashes, waits } = wrapper;
  const end = words.findIndex((word) => word.test(/^--$/));
  if (end !== -1 && (dashes === true || waits === true)) return words.slice(end + 1);
  if (flagless === true) return words[0]?.test(/^-/) === true ? [] : words;
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined || stops.includes(word.known ?? "")) return [];
    if (takesNext(word, values)) at += 1;
    else if (waits === true) {
      if (!word.test(WAITED)) break;
    }
    // `env NAME=value app`; `python -m app` names its program too.
    else if (!word.test(/^(?:-|\w+=)/)) break;
  }
  return words.slice(at + (wrapper.arguments ?? 0));
}

/** Whether a word is a flag whose value is the next word. */
function takesNext({ known = "" }: Template, values: readonly string[]): boolean {
  return values.includes(known) || (values.includes("--*") && /^--[\w-]+$/.test(known));
}

/** What a program that waits takes: a flag, a time, a host with its port. */
export const WAITED = /^(?:-[\w-]+(?:=.*)?|\d+[a-z]?|["']?(?:tcp:\/\/)?[\w.-]+:\d+["']?)$/;
