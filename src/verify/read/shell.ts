import { Template } from "../template.ts";

/** What a shell runs: a command of words, or several of them. */
export type ShellCommand =
  | { readonly kind: "words"; readonly words: readonly Template[] }
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

/**
 * The commands of a POSIX shell's script, with their quotes taken off. Redirections, assignments and
 * here-documents are left out; a command substitution is a command before the one that it is in. A
 * function stands where it is called. Never throws: what no shell would take is read as far as it goes.
 *
 * @param args what `$@` stands for
 */
export function shellCommands(script: Template, args: readonly Template[] = []): ShellCommand {
  const parser = new Parser(tokensOf(withoutDocuments(script)), args);
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

const ASSIGNMENT = /^\w+\+?=/;
const ENDS = /^(?:then|elif|else|fi|do|done|esac|\})$/;
const NOTHING: ShellCommand = { kind: "sequence", steps: [] };

/** A program that nobody can name. */
const UNKNOWN: ShellCommand = { kind: "words", words: [Template.of("")] };

class Parser {
  readonly #tokens: readonly Token[];
  readonly #args: readonly Template[];
  readonly #functions = new Map<string, ShellCommand>();
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], args: readonly Template[]) {
    this.#tokens = tokens;
    this.#args = args;
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
          command: { kind: "words", words: [...last.words, ...command.words] },
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
    const commands = [this.#pipeline()];
    while (this.#skip("&&") || this.#skip("||")) {
      while (this.#skip("\n"));
      commands.push(this.#pipeline());
    }
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
    if (this.#skip("if")) return this.#until("fi", ["then", "elif", "else"]);
    if (this.#skip("while") || this.#skip("until")) {
      return { kind: "loop", body: this.#until("done", ["do"]) };
    }
    if (this.#skip("for") || this.#skip("select")) {
      this.#skipTo("do");
      return { kind: "loop", body: this.#until("done") };
    }
    if (this.#skip("case")) return this.#case();
    return this.#words();
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
    const before = raw.flatMap(substitutionsIn);
    if (start === -1) return sequenceOf(before);
    const words = raw.slice(start).flatMap((word) => this.#unquoted(word));
    const called = this.#functions.get(words[0]?.known ?? "");
    const command = called ?? (words.length === 0 ? UNKNOWN : { kind: "words" as const, words });
    return sequenceOf([...before, command]);
  }

  #define(name: Template | undefined): ShellCommand {
    while (this.#skip("\n"));
    const body = this.#command();
    // Only later calls stand for it: a function that calls itself ends.
    this.#functions.set(name?.known ?? "", body);
    return NOTHING;
  }

  #unquoted(word: Template): readonly Template[] {
    if (word.test(/^"?\$[@*]"?$/)) return this.#args;
    if (!word.test(/["'\\]/)) return [word];
    const parts = word.matchAll(/"([^"\\]*(?:\\[^][^"\\]*)*)"|'([^']*)'|\\([^])|([^"'\\]+)/g);
    return [Template.join(parts.flatMap(([, ...groups]) => groups.find(Boolean) ?? []))];
  }
}

/** The commands of `$(…)` in a word. */
function substitutionsIn(word: Template): readonly ShellCommand[] {
  if (word.test(/^'/)) return [];
  return word
    .matchAll(/\$\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)|`([^`]*)`/g)
    .flatMap(([, inner, ticked]) => {
      const script = inner ?? ticked;
      // `$((1 + 2))` is arithmetic.
      return script === undefined || script.test(/^\(/) ? [] : [shellCommands(script)];
    });
}

function sequenceOf(commands: readonly ShellCommand[]): ShellCommand {
  const [first = NOTHING] = commands;
  if (commands.length === 1) return first;
  const steps = commands.map((command) => ({ command, isInBackground: false }));
  return { kind: "sequence", steps };
}
