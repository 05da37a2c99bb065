import { CONNECTS_TO_ANNOTATION } from "../../../api/names.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { missing, wholeNumber, type MissingQuantity } from "../../quantity.ts";
import { Template } from "../../template.ts";
import type { Container, Workload } from "../../workload.ts";
import { targetRemedy } from "../targets/annotations.ts";
import { callsIn, containerCommand, programName, setCallsIn } from "./commands.ts";
import type { ConnectionTarget } from "../targets/connectionTargets.ts";
import { flagValue, programOf } from "./programs.ts";
import type { ShellVariables } from "./shell.ts";
import { inShell } from "./shellValues.ts";

/**
 * Where the programs of a container's command connect that say so by flags of their own, as psql does
 * with -h, -p, -U and -d. A connection string among their words is read elsewhere.
 */
export function programTargets(
  container: Container,
  knowledge: Knowledge,
): readonly ConnectionTarget[] {
  if (container.command.length + container.args.length === 0) return [];
  const calls = setCallsIn(containerCommand(container, knowledge));
  return calls.flatMap(({ words, variables: assigned }): ConnectionTarget[] => {
    const target = programOf(words, container, knowledge)?.target;
    if (target === undefined) return [];
    const flagged = (names: readonly string[]): Template | undefined => {
      const value = flagValue(words, names, true);
      return value && shown(value, container, assigned);
    };
    const { variables } = container.environment;
    const valueOf = (name: string): Template | undefined =>
      assigned?.has(name) === true
        ? shown(Template.of(`$${name}`), container, assigned)
        : variables.get(name)?.value;
    const said = (names: readonly string[]): Template | undefined =>
      flagged(names) ?? names.map(valueOf).find((value) => value !== undefined);
    const host = said(target.host);
    if (host === undefined) return [];
    const { values } = target;
    const flags = [...target.host, ...target.port, ...target.user, ...target.database];
    const free = values === undefined ? [] : freeWords(words, [...flags, ...values]);
    const [database, user] = free.map((word) => shown(word, container, assigned));
    const name = flagged(target.database) ?? database ?? said(target.database);
    if (name?.test(/[=:]/) === true) return [];
    return [
      {
        host,
        port: wholeNumber(said(target.port)?.known),
        database: name,
        user: flagged(target.user) ?? user ?? said(target.user),
        place: container.argsPlace,
        by: "its command",
        prefix: "",
        parameters: new Map(),
        isDatabase: true,
        isUrl: true,
      },
    ];
  });
}

/** The database that a container's program connects to, where nothing says another one. */
export function programDatabase(container: Container, knowledge: Knowledge): Template | undefined {
  const [name] = callsIn(containerCommand(container, knowledge)).flatMap(
    (words) => programOf(words, container, knowledge)?.database ?? [],
  );
  return name === undefined ? undefined : Template.of(name);
}

/**
 * What is missing of a container whose program connects to each database of its Postgres (`pg_dumpall`)
 * by a PgBouncer, which has a pool for each.
 */
export function everyDatabase(
  workload: Workload,
  container: Container,
  knowledge: Knowledge,
): MissingQuantity | undefined {
  if (workload.annotation(CONNECTS_TO_ANNOTATION) !== undefined) return undefined;
  for (const words of callsIn(containerCommand(container, knowledge))) {
    const { everyDatabase: flags = [], target } = programOf(words, container, knowledge) ?? {};
    const withValue = [target?.host, target?.port, target?.user, target?.database].flatMap(
      (names) => names ?? [],
    );
    const isGiven = (flag: string): boolean => words.some((word) => isFlag(flag, word, withValue));
    if (flags !== true && !flags.some(isGiven)) continue;
    const what = `which databases container ${container.name} of ${workload.key} connects to: ${programName(words)} connects to each`;
    return missing(what, container.argsPlace, targetRemedy(workload, container.name));
  }
  return undefined;
}

/** Whether a word gives a flag, of one letter also behind others that take no value: `-za`, not `-Uapp`. */
function isFlag(flag: string, { known = "" }: Template, withValue: readonly string[]): boolean {
  if (known === flag) return true;
  if (!/^-\w$/.test(flag) || !/^-\w+$/.test(known)) return false;
  const letterAt = (one: string): number => known.indexOf(one.slice(1), 1);
  const before = withValue.filter((one) => /^-\w$/.test(one) && letterAt(one) !== -1);
  return letterAt(flag) !== -1 && before.every((one) => letterAt(one) > letterAt(flag));
}

/** What a shell makes of a word; what it can't be known to make of it has the word as its name. */
function shown(
  word: Template,
  container: Container,
  assigned: ShellVariables | undefined,
): Template {
  const value = inShell(word, container, assigned);
  return value === undefined || value.test(/[$`]/) ? Template.unknown(word.render()) : value;
}

/** The words that are neither flags nor what a flag takes. */
function freeWords(words: readonly Template[], values: readonly string[]): readonly Template[] {
  const free: Template[] = [];
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined) break;
    if (values.includes(word.known ?? "")) at += 1;
    else if (!word.test(/^-/)) free.push(word);
  }
  return free;
}
