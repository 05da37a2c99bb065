import { Template } from "../template.ts";
import { isShell, type Argument, type Container } from "../workload.ts";

/** A program that waits for the hosts that it is given, and then runs the command that follows. */
const WAITER = /^(?:[\w./-]*\/)?(?:wait-for(?:-it)?(?:\.sh)?|dockerize)$/;

/** What such a program takes: a flag, a time, a host with its port. */
const WAITED = /^(?:-[\w-]+(?:=.*)?|\d+[a-z]?|["']?(?:tcp:\/\/)?[\w.-]+:\d+["']?)$/;

/** A program that asks one host whether it answers; nc only where it does no more than that. */
const PROBE = /^(?:[\w./-]*\/)?pg_isready$/;
const NETCAT = /^(?:[\w./-]*\/)?n(?:et)?c(?:at)?$/;
const SCAN = /^-\w*z\w*$/;

/**
 * The command of a container without the hosts that it only waits for. Only the arguments of programs
 * that do nothing but wait are left out: whatever else names a host may connect to it.
 */
export function commandBesidesWaiting({ command, args }: Container): readonly Argument[] {
  const all = [...command, ...args];
  const [program, ...rest] = all;
  if (program === undefined) return [];
  if (!isShell(program.text)) return all.slice(waitingWords(all.map(({ text }) => text)));
  const flag = rest.findIndex(({ text }) => text.test(/^-\w*c$/));
  // `bash wait-for-it.sh pooler:6432 -- app`.
  if (flag === -1) return rest.slice(waitingWords(rest.map(({ text }) => text)));
  return rest.map(({ text, place }, index) => ({
    text: index === flag + 1 ? scriptBesidesWaiting(text) : text,
    place,
  }));
}

/** A script without the commands that only wait. */
function scriptBesidesWaiting(script: Template): Template {
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
function waitingWords(words: readonly Template[]): number {
  const at = words.findIndex((word) => !word.test(BEFORE_PROGRAM));
  const [program, ...rest] = words.slice(at);
  if (program === undefined) return 0;
  // `timeout 5 nc -z pooler 6432`.
  if (program.test(/^timeout$/)) {
    const within = waitingWords(rest.slice(1));
    return within === 0 ? 0 : at + 2 + within;
  }
  if (program.test(WAITER)) {
    const end = rest.findIndex((word) => word.test(/^--$/) || !word.test(WAITED));
    return end === -1 ? words.length : at + 1 + end;
  }
  const isScan =
    rest.some((word) => word.test(SCAN)) || words.slice(0, at).some((word) => word.test(/^until$/));
  return program.test(PROBE) || (program.test(NETCAT) && isScan) ? words.length : 0;
}
