import { PROCESSES_PER_POD_ANNOTATION } from "../../api/names.ts";
import type { Figure } from "../system.ts";
import { annotatedCount } from "./annotations.ts";
import { expanded, type Environment } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { known, missing, positiveCount } from "./figures.ts";
import { commandOf } from "./pgbouncerPods.ts";
import { PROCESS_VARIABLES } from "./poolVariables.ts";
import type { Workload } from "./workloads.ts";

/** A program that forks, each process with a pool of its own. */
interface Forking {
  /** In the command. */
  readonly program: RegExp;
  /** The number of processes as the command gives it. */
  readonly flag: RegExp;
  /** Variables that say how many; absent: PROCESS_VARIABLES, which most servers of the web know. */
  readonly variables?: readonly string[];
  /** What makes its processes where neither flag nor variable says how many; absent: it has one. */
  readonly otherwise?: { readonly where: RegExp; readonly why: string };
}

const FORKING: readonly Forking[] = [
  {
    program: /(?:^|[\s/])(?:gunicorn|uvicorn|hypercorn|granian|puma|fastapi|daphne)(?:\s|$)/,
    flag: /(?:^|\s)(?:--workers|-w)[=\s]*([^\s"']+)/,
    otherwise: {
      where: /gunicorn\s(?:.*\s)?(?:-c|--config)[=\s]/,
      why: "its configuration file may say it",
    },
  },
  {
    program: /(?:^|[\s/])pm2(?:-runtime)?(?:\s|$)/,
    flag: /(?:^|\s)(?:-i|--instances)[=\s]*([^\s"']+)/,
    otherwise: {
      where: /\s[\w./-]+\.(?:config\.c?js|json|ya?ml)(?:\s|$)/,
      why: "its configuration file may say it",
    },
  },
  {
    program: /(?:^|[\s/])celery\s(?:.*\s)?worker(?:\s|$)/,
    variables: ["CELERYD_CONCURRENCY", "CELERY_WORKER_CONCURRENCY"],
    flag: /(?:^|\s)(?:--concurrency[=\s]|-c[=\s]?|--autoscale[=\s])\s*([^\s"',]+)/,
    otherwise: {
      where: /^(?!.*\s(?:-P|--pool)[=\s]*(?:threads|gevent|eventlet|solo)(?:\s|$))/s,
      why: "it starts as many as there are cores",
    },
  },
  {
    program: /(?:^|[\s/])uwsgi(?:\s|$)/,
    variables: ["UWSGI_PROCESSES", "UWSGI_WORKERS"],
    flag: /(?:^|\s)(?:--processes|--workers|-p)[=\s]*([^\s"']+)/,
    otherwise: {
      where: /\.(?:ini|ya?ml|xml|json)(?:[\s:]|$)|\s--(?:ini|yaml|json|xml)/,
      why: "its configuration file may say it",
    },
  },
];

/** Celery's threads and coroutines are in one process, whatever its --concurrency. */
const THREADED = /\s(?:-P|--pool)[=\s]*(?:threads|gevent|eventlet|solo)(?:\s|$)/;

/**
 * Processes of a container, each with a pool of its own: by annotation, else by the flag that its
 * command gives to a server of several processes, else by the usual variables, else one.
 */
export function processesOf(
  workload: Workload,
  container: Field,
  { variables }: Environment,
): Figure {
  const name = container.at("name").text() ?? "";
  const what = `how many processes container ${name} runs`;
  const annotated = annotatedCount(workload.annotation(PROCESSES_PER_POD_ANNOTATION), name, what);
  if (annotated !== undefined) return annotated;
  const command = [
    ...commandOf(container).map((text) => expanded(text, variables)),
    variables.get("GUNICORN_CMD_ARGS")?.value ?? "",
  ].join(" ");
  const forking = FORKING.find(({ program }) => program.test(command));
  const flag = forking?.flag.exec(command)?.[1];
  const args = container.at(container.at("args").exists ? "args" : "command").place();
  const tell = `annotate its pod template with ${PROCESSES_PER_POD_ANNOTATION}: "N"`;
  if (flag !== undefined && !THREADED.test(command)) {
    const count = positiveCount(flag);
    if (count !== undefined) return known(count, processes(count), args);
    return missing(`${what}: its command gives no number of them`, args, tell);
  }
  const variable = (forking?.variables ?? PROCESS_VARIABLES)
    .map((one) => variables.get(one))
    .find((one) => one !== undefined);
  if (variable === undefined) {
    const { otherwise } = forking ?? {};
    return otherwise?.where.test(command) === true
      ? missing(`${what}: ${otherwise.why}`, args, tell)
      : known(1, "1 process");
  }
  const count = positiveCount(variable.value);
  if (count !== undefined) {
    return known(count, `${processes(count)} (${variable.name})`, variable.place);
  }
  return missing(`${what}: ${variable.name} is no positive whole number`, variable.place, tell);
}

function processes(count: number): string {
  return count === 1 ? "1 process" : `${count} processes`;
}
