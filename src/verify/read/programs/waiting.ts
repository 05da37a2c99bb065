import type { Knowledge } from "../../knowledge/knowledge.ts";
import { Template } from "../../template.ts";
import {
  commandOf,
  imageName,
  isShell,
  type Argument,
  type Container,
  type NeededHost,
} from "../../workload.ts";
import { fit, programName, WAITED } from "./commands.ts";
import { inShell } from "./shellValues.ts";

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
  return Template.join(
    commandsIn(script).map((command) => {
      const words = wordsOf(command);
      const count = waitingWords(words);
      return count === 0 ? command : Template.join(words.slice(count), " ");
    }),
    "\n",
  );
}

function commandsIn(script: Template): readonly Template[] {
  return script.matchAll(/[^\n;&|()`]+/g).flatMap(([command]) => command ?? []);
}

function wordsOf(text: Template): readonly Template[] {
  return text.matchAll(/\S+/g).flatMap(([word]) => word ?? []);
}

/** `wait_for_db.sh`, `/wait`, `k8s-wait-for`: what a program or an image is called that waits. */
const WAITS = /(?:^|[-_])wait(?![a-z])/i;

/** `/dev/tcp/pooler/6432`, as Bash connects to see whether somebody listens. */
const DEV_TCP = /\/dev\/tcp\/([\w.${}:-]+)\/([\w${}:-]+)/g;

/**
 * The words of a container's commands that only wait, each that may be a host: it is for whoever asks
 * to find out which of them are. An image that is called so is there to wait.
 */
export function waitedHosts(container: Container, knowledge: Knowledge): readonly NeededHost[] {
  const { name, role, argsPlace: place, files } = container;
  const how = role === "init" ? `for which container ${name} waits` : "for which it waits";
  const lists = [
    commandOf(container),
    ...[container.hooks, container.checks].map((list = []) => list.map(({ text }) => text)),
  ];
  const words = lists.flat();
  const scripts = words.flatMap((word) => {
    const file = files.files.get(word.known ?? "");
    return file === undefined ? word : [word, Template.of(file.text)];
  });
  const calls = [...lists, ...scripts.flatMap((text) => commandsIn(text).map(wordsOf))];
  const waited = WAITS.test(imageName(container))
    ? words
    : calls.flatMap((call) => waitedWords(call, knowledge));
  const connected = scripts.flatMap((text) => text.matchAll(DEV_TCP).map(([whole]) => whole));
  const texts = [...waited, ...connected].flatMap(
    (word) => (word && inShell(word, container)?.known?.match(/[\w-]+(?:\.[\w-]+)*/g)) ?? [],
  );
  const ports = texts.filter((text) => /^\d{2,5}$/.test(text)).map(Number);
  const hosts = [...new Set(texts)].filter((text) => /^[^-].*[a-z]|\d\.\d/i.test(text));
  return hosts.flatMap((host) =>
    [...new Set(ports), undefined].map((port) => ({ host, port, place, how })),
  );
}

function waitedWords(words: readonly Template[], knowledge: Knowledge): readonly Template[] {
  const at = words.findIndex((word) => !word.test(BEFORE_PROGRAM));
  if (at !== -1 && WAITS.test(programName(words.slice(at)) ?? "")) return words.slice(at + 1);
  return words.slice(0, wordsOfWaiting(words, knowledge));
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
