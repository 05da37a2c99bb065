import { POOL_LIMIT_ANNOTATION, PROCESSES_PER_POD_ANNOTATION } from "../../../api/names.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import {
  assumed,
  known,
  missing,
  mostOf,
  positiveCount,
  sumOf,
  type Quantity,
} from "../../quantity.ts";
import type { Template } from "../../template.ts";
import type { Container, Workload } from "../../workload.ts";
import { annotatedCount } from "../targets/annotations.ts";
import { callsIn, containerCommand, imagesArguments } from "./commands.ts";
import {
  allWords,
  countOf,
  mayBeThreads,
  numberIn,
  programOf,
  workersOf,
  type Unclear,
} from "./programs.ts";
import type { ShellCommand } from "./shell.ts";

/**
 * Processes of a container, each with a pool of its own: by annotation, else by what its command
 * runs, as far as knowledge/programs.yaml has rows for those programs. Programs that run at once are
 * added up; of those that run one after another the most counts. A program without a row is
 * assumed to have one process, or as many as a flag or a variable called so says.
 *
 * @param servers calls that start a server, which has no pool
 */
export function processesPerPod(
  workload: Workload,
  container: Container,
  knowledge: Knowledge,
  servers: readonly (readonly Template[])[] = [],
): Quantity {
  const { name } = container;
  const what = `how many processes container ${name} runs`;
  const annotated = annotatedCount(workload.annotation(PROCESSES_PER_POD_ANNOTATION), name, what);
  if (annotated !== undefined) return annotated;
  if (container.program !== undefined) return container.program.processes;
  // weir's own pods are annotated where they have more than one.
  if (workload.annotation(POOL_LIMIT_ANNOTATION) !== undefined) return known(1, "1 process");
  const remedy = `annotate its pod template with ${PROCESSES_PER_POD_ANNOTATION}: "N"`;
  const unclear: Unclear = (why, place = container.argsPlace) =>
    missing(`${what}: ${why}`, place, remedy);
  const command = containerCommand(container, knowledge);
  const { most } = runningIn(command, unclear, (words) =>
    servers.includes(words) ? NONE : processesOf(words, { container, command, knowledge, unclear }),
  );
  // Arguments alone are given to a program of the image, which may run others.
  const isHidden =
    most.known && most.value === 0 && imagesArguments(container, knowledge) !== undefined;
  return isHidden ? assumed(unclear("its program is not known"), 1, "1 process") : most;
}

const NONE = known(0, "no process");

/** How many run at once in a command at most, and how many go on beside what follows it. */
interface AtOnce {
  readonly most: Quantity;
  readonly lasting: Quantity;
}

function runningIn(
  command: ShellCommand,
  unclear: Unclear,
  countIn: (words: readonly Template[]) => Quantity,
): AtOnce {
  switch (command.kind) {
    case "words":
      return { most: countIn(command.words), lasting: NONE };
    case "loop":
      return hasBackground(command.body)
        ? { most: unclear("its command starts programs in a loop"), lasting: NONE }
        : runningIn(command.body, unclear, countIn);
    case "pipeline": {
      const all = command.commands.map((one) => runningIn(one, unclear, countIn));
      return {
        most: sumOf(
          all.map(({ most }) => most),
          processes,
        ),
        lasting: sumOf(
          all.map(({ lasting }) => lasting),
          processes,
        ),
      };
    }
    case "sequence":
    default: {
      let most: Quantity = NONE;
      let lasting: Quantity = NONE;
      for (const step of command.steps) {
        const one = runningIn(step.command, unclear, countIn);
        most = mostOf([most, sumOf([lasting, one.most], processes)]);
        lasting = isWait(step.command)
          ? NONE
          : sumOf([lasting, step.isInBackground ? one.most : one.lasting], processes);
      }
      return { most, lasting };
    }
  }
}

/** All that runs in the background ends first. */
function isWait(command: ShellCommand): boolean {
  return (
    command.kind === "words" && command.words.length === 1 && command.words[0]?.known === "wait"
  );
}

function hasBackground(command: ShellCommand): boolean {
  switch (command.kind) {
    case "words":
      return false;
    case "loop":
      return hasBackground(command.body);
    case "pipeline":
      return command.commands.some(hasBackground);
    case "sequence":
    default:
      return command.steps.some((step) => step.isInBackground || hasBackground(step.command));
  }
}

interface CallContext {
  readonly container: Container;
  readonly command: ShellCommand;
  readonly knowledge: Knowledge;
  readonly unclear: Unclear;
}

/** How many processes a call has. */
function processesOf(words: readonly Template[], context: CallContext): Quantity {
  const { container, knowledge, unclear } = context;
  const program = programOf(words, container, knowledge);
  if (program === undefined) return assumedProcesses(words, context);
  if (program.connections === 0) return NONE;
  const all = allWords(words, program, container);
  return countOf(program.processes ?? 1, all, container, processes, unclear);
}

/** How many processes a program without a row seems to have. */
function assumedProcesses(
  words: readonly Template[],
  { container, command, knowledge, unclear }: CallContext,
): Quantity {
  const question = unclear("its program is not known");
  const { variables } = container.environment;
  const byVariable = knowledge.programs.find(
    ({ wordsFrom = "" }) => words[0]?.isEmpty === true && variables.has(wordsFrom),
  );
  if (byVariable?.processes !== undefined) {
    const all = allWords(words, byVariable, container);
    return countOf(byVariable.processes, all, container, processes, unclear);
  }
  const { flag, variables: counts } = workersOf(words, container, knowledge);
  if (flag !== undefined) {
    const count = numberIn(flag, container);
    if (count === undefined) return unclear("its command gives no number of them");
    return assumed(question, count, processes(count), container.argsPlace);
  }
  const [first] = counts;
  if (first === undefined) return assumed(question, 1, "1 process");
  const numbers = counts.map(({ name, value, place }) => ({
    name,
    place,
    count: positiveCount(value.known),
  }));
  const no = numbers.find(({ count }) => count === undefined);
  if (no !== undefined) return unclear(`${no.name} is no positive whole number`, no.place);
  const others = callsIn(command).filter(
    (one) => programOf(one, container, knowledge) === undefined,
  );
  if (others.length > 1 && hasBackground(command)) {
    return unclear(`${first.name} may be of any of its programs`, first.place);
  }
  // More than it has is on the safe side.
  const [largest] = numbers.toSorted((a, b) => (b.count ?? 0) - (a.count ?? 0));
  const count = largest?.count ?? 1;
  const why = `${processes(count)} (${largest?.name})`;
  const seeming = assumed(question, count, why, largest?.place ?? first.place);
  return numbers.some(({ name }) => mayBeThreads(name, knowledge))
    ? { ...seeming, least: 1 }
    : seeming;
}

function processes(count: number): string {
  return count === 1 ? "1 process" : `${count} processes`;
}
