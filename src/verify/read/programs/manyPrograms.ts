import {
  POOL_LIMIT_ANNOTATION,
  POOL_MAX_ANNOTATION,
  PROCESSES_PER_POD_ANNOTATION,
} from "../../../api/names.ts";
import { missing, type Quantity } from "../../quantity.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import { commandOf, hasOneContainer, type Container, type Workload } from "../../workload.ts";

/** The counts of a client that a container with many programs leaves open. */
interface OpenCounts {
  readonly processesPerPod: Quantity;
  readonly pool: Quantity;
}

/** What hints that a container runs many programs, each with a pool of its own. */
interface Hint {
  readonly why: string;
  readonly place: SourcePosition;
}

/** Ports one after the other: so many one program has not, with those of its metrics and its health. */
const PORTS_MIN = 5;

/** Variables and flags that list programs: `MCP_SERVERS=author,scene`, `--servers author,scene`. */
const LISTS = /(?:^|_)(?:SERVERS|PROGRAMS|PROCESSES|DAEMONS)$/i;
const LIST_FLAG =
  /(?:^|\s)--(?:[\w-]+-)?(?:servers|programs|processes|daemons)[= ]\s*[\w-]+[,\s]\s*[\w-]/i;

/** Names only, since hosts and addresses of other servers have dots, colons and slashes. */
const NAMES = /^\s*\[?\s*["']?[a-z][\w-]*["']?(?:\s*[,;\s]\s*["']?[a-z][\w-]*["']?)+\s*\]?\s*$/i;

/** Programs that start others. */
const STARTER =
  /(?:^|[/\s_.-])(?:launcher|supervisord?|supervise|(?:run|start|serve|launch)[-_]?(?:all|servers|programs))(?:[\s_.-]|$)/i;

/**
 * Where something hints that a container runs many programs, the counts that nobody has written for
 * sure are one question: how many processes there are, and how many connections each of them opens.
 */
export function withManyPrograms(
  workload: Workload,
  container: Container,
  counts: OpenCounts,
): OpenCounts {
  const { processesPerPod, pool } = counts;
  const isOne = processesPerPod.known && processesPerPod.value === 1 && isSure(processesPerPod);
  // weir's own pods have as many as their annotation says.
  const isOwn = workload.annotation(POOL_LIMIT_ANNOTATION) !== undefined;
  const hint = isOne || isOwn ? undefined : hintIn(container);
  if (hint === undefined || (isSure(processesPerPod) && isSure(pool))) return counts;
  const own = hasOneContainer(workload) ? "" : `${container.name}=`;
  const setting = (annotation: string, value: string): string =>
    `--annotate '${workload.key}:${annotation}=${own}${value}'`;
  const processesToo = setting(PROCESSES_PER_POD_ANNOTATION, "N");
  const poolToo = setting(POOL_MAX_ANNOTATION, "M");
  const of = `container ${container.name}, which seems to run many programs: ${hint.why}`;
  if (isSure(processesPerPod)) {
    const what = `how many connections each process opens in ${of}`;
    return { processesPerPod, pool: missing(what, hint.place, `give ${poolToo}`) };
  }
  if (isSure(pool)) {
    const what = `how many processes open connections in ${of}`;
    return { pool, processesPerPod: missing(what, hint.place, `give ${processesToo}`) };
  }
  const question = missing(
    `how many processes open connections, and how many each, in ${of}`,
    hint.place,
    `give ${processesToo} ${poolToo}`,
  );
  return { processesPerPod: question, pool: question };
}

function isSure(quantity: Quantity): boolean {
  return quantity.known && quantity.assuming === undefined;
}

function hintIn(container: Container): Hint | undefined {
  const { environment, place, argsPlace } = container;
  for (const { name, value, place: at } of environment.variables.values()) {
    if (LISTS.test(name) && value.test(NAMES)) return { why: `${name} is a list`, place: at };
  }
  const words = commandOf(container);
  if (words.some((word) => word.test(STARTER))) {
    return { why: "its command starts others", place: argsPlace };
  }
  if (words.some((word) => word.test(LIST_FLAG)) || isFlagWithList(container)) {
    return { why: "its command has a list of them", place: argsPlace };
  }
  const [first, last] = longestRun(container.ports.map(([, port]) => port));
  return last - first + 1 >= PORTS_MIN
    ? { why: `it has the ports ${first} to ${last}`, place }
    : undefined;
}

/** `--servers` as a word, and the list as the next one. */
function isFlagWithList(container: Container): boolean {
  const words = commandOf(container);
  return words.some(
    (word, index) =>
      word.test(/^--(?:[\w-]+-)?(?:servers|programs|processes|daemons)$/i) &&
      words[index + 1]?.test(NAMES) === true,
  );
}

/** The first and the last of the most numbers that follow each other. */
function longestRun(numbers: readonly number[]): readonly [number, number] {
  let best: readonly [number, number] = [0, 0];
  let start = Number.NaN;
  let before = Number.NaN;
  for (const number of [...new Set(numbers)].toSorted((a, b) => a - b)) {
    if (number !== before + 1) start = number;
    if (number - start > best[1] - best[0]) best = [start, number];
    before = number;
  }
  return best;
}
