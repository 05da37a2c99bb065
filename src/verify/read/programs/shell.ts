import { Template } from "../../template.ts";

/** What a shell runs: a command of words, or several of them. */
export type ShellCommand =
  | {
      readonly kind: "words";
      readonly words: readonly Template[];
      /** What the script sets before it, for it alone too: `PGHOST=pooler psql`. */
      readonly variables?: ShellVariables;
    }
  /** One after another, except those with an `&`, which go on beside the ones that follow. */
  | {
      readonly kind: "sequence";
      readonly steps: readonly {
        readonly command: ShellCommand;
        readonly isInBackground: boolean;
      }[];
    }
  /** At once. */
  | { readonly kind: "pipeline"; readonly commands: readonly ShellCommand[] }
  /** Nobody counts how often. */
  | { readonly kind: "loop"; readonly body: ShellCommand };

/** The variables that a script sets, each as it is written; unknown where it may be another. */
export type ShellVariables = ReadonlyMap<string, Template>;

/**
 * The commands of a POSIX shell's script, with their quotes taken off. Redirections, assignments and
 * here-documents are left out; a command substitution is a command before the one that it is in. A
 * function stands where it is called. Never throws: what no shell would take is read as far as it goes.
 *
 * @param args what `$@` stands for
 * @param variables what is set before it begins
 */
export function shellCommands(
  script: Template,
  args: readonly Template[] = [],
  variables: ShellVariables = new Map(),
): ShellCommand {
  const parser = new Parser(tokensOf(withoutDocuments(script)), args, variables);
  return parser.list(new Set());
}

/** A word, or an operator by its text. */
type Token =
  | { readonly operator: string; readonly word?: never }
  | { readonly word: Template; readonly operator?: never };

const QUOTED = String.raw`"[^"\\]*(?:\\[^][^"\\]*)*"|'[^']*'`;
const SUBSTITUTION = String.raw`\$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|` + "`[^`]*`";
const WORD = String.raw`(?:${QUOTED}|${SUBSTITUTION}|\$\{[^}]*\}|\\[^]|[^\s;&|()<>"'\\` + "`])+";
const TOKEN = new RegExp(
  [
    String.raw`(?<continued>\\\n)`,
    String.raw`(?<comment>(?<=^|\s|[;&|()])#[^\n]*)`,
    String.raw`(?<redirection>\d*(?:&>>?|[<>]{1,3}[&|]?)(?![(])[ \t]*(?:${WORD})?)`,
    String.raw`(?<operator>\n|;;?&?|&&|&|\|[|&]?|\(|\))`,
    `(?<word>${WORD})`,
  ].join("|"),
  "g",
);

function tokensOf(script: Template): readonly Token[] {
  return script.matchAll(TOKEN).flatMap(([, , , , operator, word]): Token[] => {
    if (operator !== undefined) return [{ operator: operator.known ?? "" }];
    return word === undefined ? [] : [{ word }];
  });
}

/** Without the lines of here-documents. */
function withoutDocuments(script: Template): Template {
  if (!script.test(/<</)) return script;
  let end: string | undefined;
  const lines = script.split("\n").filter((line) => {
    if (end !== undefined) {
      if (line.trim().known === end) end = undefined;
      return false;
    }
    end = line.match(/(?<!<)<<-?[ \t]*\\?["']?([\w.-]+)/)?.[1]?.known;
    return true;
  });
  return Template.join(lines, "\n");
}

/** Deeper ones are left out: a script of parentheses alone is no reason to fail. */
const DEPTH_MAX = 40;

const ASSIGNMENT = /^[a-zA-Z_]\w*\+?=/;

/** They set variables for what comes after them. */
const SETTERS = /^(?:export|declare|typeset|local|readonly)$/;

/** What comes after them runs only if they say so. */
const TESTS = /^(?:\[|\[\[|test)$/;
const ENDS = /^(?:then|elif|else|fi|do|done|esac|\})$/;
const NOTHING: ShellCommand = { kind: "sequence", steps: [] };

/** A program that nobody can name. */
const UNKNOWN: ShellCommand = { kind: "words", words: [Template.of("")] };

class Parser {
  readonly #tokens: readonly Token[];
  readonly #args: readonly Template[];
  readonly #functions = new Map<string, ShellCommand>();
  readonly #variables: Map<string, Template>;
  #at = 0;
  #depth = 0;
  /** In how many commands it is that may not run, or run more than once. */
  #conditions = 0;

  constructor(tokens: readonly Token[], args: readonly Template[], variables: ShellVariables) {
    this.#tokens = tokens;
    this.#args = args;
    // `$1` and so on are those of this script.
    const named = [...variables].filter(([name]) => !/^\d/.test(name));
    this.#variables = new Map([...named, ...args.map((arg, at) => [`${at + 1}`, arg] as const)]);
  }

  /** Up to a word or an operator that ends it, which is left. */
  list(ends: ReadonlySet<string>): ShellCommand {
    this.#depth += 1;
    const steps: { command: ShellCommand; isInBackground: boolean }[] = [];
    while (this.#at < this.#tokens.length) {
      const text = this.#text();
      if (text !== undefined && ends.has(text)) break;
      const isStray = this.#operator() !== undefined && this.#operator() !== "(";
      if (isStray || (text !== undefined && ENDS.test(text))) {
        this.#at += 1;
        continue;
      }
      const command = this.#andOr();
      const isInBackground = this.#skip("&");
      const last = steps.at(-1)?.command;
      // No program begins with a dash: the line before it went on, but for its backslash.
      if (last?.kind === "words" && command.kind === "words" && command.words[0]?.test(/^-/)) {
        steps.pop();
        steps.push({
          command: { ...last, words: [...last.words, ...command.words] },
          isInBackground,
        });
      } else steps.push({ command, isInBackground });
    }
    this.#depth -= 1;
    return { kind: "sequence", steps };
  }

  #operator(): string | undefined {
    return this.#tokens[this.#at]?.operator;
  }

  #text(): string | undefined {
    const token = this.#tokens[this.#at];
    return token?.operator ?? token?.word?.known;
  }

  /** Steps over that word or operator; false where another one stands there. */
  #skip(text: string): boolean {
    if (this.#text() !== text) return false;
    this.#at += 1;
    return true;
  }

  #skipTo(text: string): void {
    while (this.#at < this.#tokens.length && !this.#skip(text)) this.#at += 1;
  }

  #andOr(): ShellCommand {
    const conditions = this.#conditions;
    const commands = [this.#pipeline()];
    for (;;) {
      const last = commands.at(-1);
      const isTest = last?.kind === "words" && last.words[0]?.test(TESTS) === true;
      const isOr = this.#skip("||");
      if (!isOr && !this.#skip("&&")) break;
      if (isOr || isTest) this.#conditions += 1;
      while (this.#skip("\n"));
      commands.push(this.#pipeline());
    }
    this.#conditions = conditions;
    return sequenceOf(commands);
  }

  #pipeline(): ShellCommand {
    const commands = [this.#command()];
    while (this.#skip("|") || this.#skip("|&")) {
      while (this.#skip("\n"));
      commands.push(this.#command());
    }
    const [first = NOTHING] = commands;
    return commands.length === 1 ? first : { kind: "pipeline", commands };
  }

  #command(): ShellCommand {
    while (this.#skip("!") || this.#skip("time"));
    if (this.#depth > DEPTH_MAX) {
      this.#at += 1;
      return UNKNOWN;
    }
    if (this.#skip("(")) return this.#until(")");
    if (this.#skip("{")) return this.#until("}");
    this.#conditions += 1;
    const compound = this.#compound();
    this.#conditions -= 1;
    return compound ?? this.#words();
  }

  /** What runs some of its commands, or some of them more than once. */
  #compound(): ShellCommand | undefined {
    if (this.#skip("if")) return this.#until("fi", ["then", "elif", "else"]);
    if (this.#skip("while") || this.#skip("until")) {
      return { kind: "loop", body: this.#until("done", ["do"]) };
    }
    if (this.#skip("for") || this.#skip("select")) {
      const name = this.#text();
      if (name !== undefined) this.#variables.set(name, unknownValue(name));
      this.#skipTo("do");
      return { kind: "loop", body: this.#until("done") };
    }
    return this.#skip("case") ? this.#case() : undefined;
  }

  /** All lists up to that end, between which those words may stand. */
  #until(end: string, between: readonly string[] = []): ShellCommand {
    const ends = new Set([end, ...between]);
    const lists = [this.list(ends)];
    while (this.#at < this.#tokens.length && !this.#skip(end)) {
      this.#at += 1;
      lists.push(this.list(ends));
    }
    return sequenceOf(lists);
  }

  #case(): ShellCommand {
    this.#skipTo("in");
    const branches: ShellCommand[] = [];
    const ends = new Set([";;", ";;&", ";&", "esac"]);
    while (this.#at < this.#tokens.length) {
      while (this.#skip("\n") || this.#skip(";"));
      if (this.#skip("esac")) break;
      this.#skipTo(")");
      branches.push(this.list(ends));
      if (this.#text() !== "esac") this.#at += 1;
    }
    return sequenceOf(branches);
  }

  #words(): ShellCommand {
    const raw: Template[] = [];
    const isFunction = this.#skip("function");
    for (let token = this.#tokens[this.#at]; token?.word !== undefined;) {
      raw.push(token.word);
      this.#at += 1;
      token = this.#tokens[this.#at];
      if (isFunction) break;
    }
    if (isFunction || (raw.length === 1 && this.#tokens[this.#at + 1]?.operator === ")")) {
      if ((this.#skip("(") && this.#skip(")")) || isFunction) return this.#define(raw[0]);
    }
    if (raw.length === 0) this.#at += 1;
    const start = raw.findIndex((word) => !word.test(ASSIGNMENT));
    const before = raw.flatMap((word) => substitutionsIn(word, this.#variables));
    const own = raw.slice(0, start === -1 ? raw.length : start).map((word) => this.#assigned(word));
    if (start === -1) {
      this.#set(own);
      return sequenceOf(before);
    }
    const words = raw.slice(start).flatMap((word) => this.#unquoted(word));
    const [program, ...rest] = words;
    if (program?.test(SETTERS)) {
      this.#set(rest.filter((word) => word.test(ASSIGNMENT)).map((word) => this.#assigned(word)));
    }
    // `read NAME`.
    if (program?.test(/^(?:read|mapfile|readarray|getopts|unset)$/)) {
      this.#set(rest.map((word) => [word.render(), unknownValue(word.render())]));
    }
    if (program?.test(/^(?:shift|set)$/)) this.#forgetArguments();
    const called = this.#functions.get(program?.known ?? "");
    const variables = new Map([...this.#variables, ...own]);
    const command = called ?? (words.length === 0 ? UNKNOWN : wordsOf(words, variables));
    return sequenceOf([...before, command]);
  }

  /** Name and value of `NAME=value`. */
  #assigned(word: Template): readonly [string, Template] {
    const [, name, more, value = Template.of("")] = word.match(/^(\w+)(\+?)=([^]*)$/) ?? [];
    const key = name?.render() ?? "";
    const isOfItself = this.#variables.has(key) && value.test(new RegExp(`\\$\\{?${key}\\b`));
    if (isOfItself || more?.isEmpty === false) return [key, unknownValue(key)];
    return [key, Template.join(this.#unquoted(value), " ")];
  }

  /** What is set twice, or perhaps, may be either. */
  #set(assigned: readonly (readonly [string, Template])[]): void {
    for (const [name, value] of assigned) {
      const isSure = this.#conditions === 0 && !this.#variables.has(name);
      this.#variables.set(name, isSure ? value : unknownValue(name));
    }
  }

  #define(name: Template | undefined): ShellCommand {
    while (this.#skip("\n"));
    this.#conditions += 1;
    // A function has `$1` of its own.
    this.#forgetArguments();
    const body = this.#command();
    this.#conditions -= 1;
    // Only later calls stand for it: a function that calls itself ends.
    this.#functions.set(name?.known ?? "", body);
    return NOTHING;
  }

  #forgetArguments(): void {
    for (const name of this.#variables.keys()) {
      if (/^\d/.test(name)) this.#variables.set(name, unknownValue(name));
    }
  }

  #unquoted(word: Template): readonly Template[] {
    if (word.test(/^"?\$[@*]"?$/)) return this.#args;
    if (!word.test(/["'\\]/)) return [word];
    const parts = word.matchAll(/"([^"\\]*(?:\\[^][^"\\]*)*)"|'([^']*)'|\\([^])|([^"'\\]+)/g);
    return [Template.join(parts.flatMap(([, ...groups]) => groups.find(Boolean) ?? []))];
  }
}

/** The commands of `$(…)` in a word. */
function substitutionsIn(word: Template, variables: ShellVariables): readonly ShellCommand[] {
  if (word.test(/^'/)) return [];
  return word
    .matchAll(/\$\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)|`([^`]*)`/g)
    .flatMap(([, inner, ticked]) => {
      const script = inner ?? ticked;
      // `$((1 + 2))` is arithmetic.
      return script === undefined || script.test(/^\(/)
        ? []
        : [shellCommands(script, [], variables)];
    });
}

function wordsOf(words: readonly Template[], variables: ShellVariables): ShellCommand {
  return variables.size === 0 ? { kind: "words", words } : { kind: "words", words, variables };
}

function unknownValue(name: string): Template {
  return Template.unknown(`$${name}`);
}

function sequenceOf(commands: readonly ShellCommand[]): ShellCommand {
  const [first = NOTHING] = commands;
  if (commands.length === 1) return first;
  const steps = commands.map((command) => ({ command, isInBackground: false }));
  return { kind: "sequence", steps };
}
