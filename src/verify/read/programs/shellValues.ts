import { Template } from "../../template.ts";
import type { Container } from "../../workload.ts";
import type { ShellVariables } from "./shell.ts";

const NONE: ShellVariables = new Map();

/** `${NAME}`, `${NAME:-otherwise}`, `${NAME:?message}`, `$NAME`, and what stands between. */
const PARTS = /\$\{(\w+)(?::?([-?])((?:[^{}]|\{[^{}]*\})*))?\}|\$(\w+)|([^$]+|\$)/g;

/**
 * A word in which a shell puts variables: `${WORKERS:-4}`, `$HOST`. Undefined where it is not known
 * what a variable is; what a shell computes (`$(…)`) stays as it is.
 *
 * @param assigned what the script sets before the word, for sure
 */
export function inShell(
  word: Template,
  container: Container,
  assigned: ShellVariables = NONE,
): Template | undefined {
  return expanded(word, container, assigned, undefined);
}

/** @param own the variable of which the word is the value: within it, it is what it was before */
function expanded(
  word: Template,
  container: Container,
  assigned: ShellVariables,
  own: string | undefined,
): Template | undefined {
  if (!word.test(/\$/)) return word;
  const parts: Template[] = [];
  for (const [, braced, operator, after, bare, plain] of word.matchAll(PARTS)) {
    const name = (braced ?? bare)?.known;
    const otherwise = operator?.known === "-" ? (after ?? Template.of("")) : undefined;
    const part =
      name === undefined ? plain : valueOf(name, otherwise, { container, assigned, own });
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return Template.join(parts);
}

interface ValueContext {
  readonly container: Container;
  readonly assigned: ShellVariables;
  readonly own: string | undefined;
}

function valueOf(
  name: string,
  otherwise: Template | undefined,
  { container, assigned, own }: ValueContext,
): Template | undefined {
  const orElse = (): Template | undefined =>
    otherwise && expanded(otherwise, container, assigned, own);
  const value = assigned.get(name);
  if (value !== undefined && name !== own) {
    const others = new Map([...assigned].filter(([other]) => other !== name));
    const found = expanded(value, container, others, name);
    return found?.isEmpty === true && otherwise !== undefined ? orElse() : found;
  }
  // The script may set it to something else.
  if (name !== own && isSet(name, container)) return undefined;
  const { variables, unknown } = container.environment;
  const variable = variables.get(name)?.value;
  if (variable === undefined) return unknown.length > 0 ? undefined : orElse();
  return variable.isEmpty && otherwise !== undefined ? orElse() : variable;
}

/** Whether some script of a container sets that variable. */
function isSet(name: string, { command, args, files }: Container): boolean {
  const sets = new RegExp(
    String.raw`\b${name}[:+]?=|\b(?:for|select|read|mapfile|readarray|getopts|printf -v)\s[^\n;|&]*\b${name}\b`,
  );
  return (
    [...command, ...args].some(({ text }) => text.test(sets)) ||
    [...files.files.values()].some(({ text }) => sets.test(text))
  );
}
