import type { Knowledge } from "../../knowledge/knowledge.ts";
import { Template } from "../../template.ts";
import { isShell, type Argument, type Container } from "../../workload.ts";
import { fit, WAITED } from "./commands.ts";

/**
 * The command of a container without the hosts that it only waits for. Only the arguments of programs
 * that do nothing but wait are left out: whatever else names a host may connect to it.
 */
export function commandBesidesWaiting(
  { command, args }: Container,
  knowledge: Knowledge,
): readonly Argument[] {
  const waitingWords = (words: readonly Template[]): number => wordsOfWaiting(words, knowledge);

  const all = [...command, ...args];
  const [program, ...rest] = all;
  if (program === undefined) return [];
  if (!isShell(program.text)) return all.slice(waitingWords(all.map(({ text }) => text)));
  const flag = rest.findIndex(({ text }) => text.test(/^-\w*c$/));
  // `bash wait-for-it.sh pooler:6432 -- app`.
  if (flag === -1) return rest.slice(waitingWords(rest.map(({ text }) => text)));
  return rest.map(({ text, place }, index) => ({
    text: index === flag + 1 ? scriptBesidesWaiting(text, waitingWords) : text,
    place,
  }));
}

/** A script without the commands that only wait. */
function scriptBesidesWaiting(
  script: Template,
  waitingWords: (words: readonly Template[]) => number,
): Template {
  const commands = script.matchAll(/[^\n;&|()`]+/g).flatMap(([command]) => command ?? []);
  return Template.join(
    commands.map((command) => {
      const words = command.matchAll(/\S+/g).flatMap(([word]) => word ?? []);
      const count = waitingWords(words);
      return count === 0 ? command : Template.join(words.slice(count), " ");
    }),
    "\n",
  );
}

/** What stands before a program in a script. */
const BEFORE_PROGRAM = /^(?:exec|then|do|else|if|until|while|!|\{)$/;

/** How many words at the beginning of a command are of a program that only waits. */
function wordsOfWaiting(words: readonly Template[], knowledge: Knowledge): number {
  const at = words.findIndex((word) => !word.test(BEFORE_PROGRAM));
  const called = words.slice(at);
  const [program, ...rest] = called;
  if (program === undefined) return 0;
  // `timeout 5 nc -z pooler 6432`.
  if (program.test(/^timeout$/)) {
    const within = wordsOfWaiting(rest.slice(1), knowledge);
    return within === 0 ? 0 : at + 2 + within;
  }
  const isOf = ({ calls = [] }: { readonly calls?: readonly string[] | undefined }): boolean =>
    calls.some((call) => fit(call, called) > 0);
  if (knowledge.wrappers.some((wrapper) => wrapper.waits === true && isOf(wrapper))) {
    const end = rest.findIndex((word) => word.test(/^--$/) || !word.test(WAITED));
    return end === -1 ? words.length : at + 1 + end;
  }
  const isUntil = words.slice(0, at).some((word) => word.test(/^until$/));
  const isProbe = knowledge.programs.some(
    ({ probes, ...row }) =>
      probes !== undefined &&
      isOf(row) &&
      (probes === true ||
        isUntil ||
        rest.some((word) => probes.some((flag) => isGiven(flag, word)))),
  );
  return isProbe ? words.length : 0;
}

/** Whether a word gives a flag of one letter, alone or beside others: `-vz`. */
export function isGiven(flag: string, word: Template): boolean {
  return word.known?.match(/^-\w+$/) !== null && word.known?.includes(flag.slice(1)) === true;
}
