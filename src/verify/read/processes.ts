import { POOL_LIMIT_ANNOTATION, PROCESSES_PER_POD_ANNOTATION } from "../../api/names.ts";
import { assumed, known, missing, positiveCount, type Quantity } from "../quantity.ts";
import { Template } from "../template.ts";
import { commandLine, type Container, type Workload } from "../workload.ts";
import { annotatedCount } from "./annotations.ts";

/** A program of several processes, each with a pool of its own. */
interface Forking {
  /** In the command. */
  readonly program: RegExp;
  /** An image whose own command it is. */
  readonly image?: RegExp;
  /** The number of processes as the command gives it: the first of them that is there. */
  readonly flags: readonly RegExp[];
  /** Variables that say how many; absent: those that most servers of the web know. */
  readonly variables?: readonly string[];
  /** In the command: it has one process, whatever else is said. */
  readonly alone?: RegExp;
  /** What makes its processes where neither flag nor variable says how many; absent: it has one. */
  readonly otherwise?: { readonly where: RegExp; readonly why: string };
}

const ALWAYS = /(?:)/;
const BY_FILE = "its configuration file may say it";
const BY_CORES = "it starts as many as there are cores";
const WORKERS = /(?:^|\s)(?:--workers|-w)[=\s]*([^\s"']+)/;

/** A flag of the command comes before them. */
const PROCESS_VARIABLES = ["WEB_CONCURRENCY", "UVICORN_WORKERS", "GUNICORN_WORKERS"];

const FORKING: readonly Forking[] = [
  {
    program: /(?:^|[\s/])(?:gunicorn|uvicorn|hypercorn|granian|fastapi|daphne)(?:\s|$)/,
    flags: [WORKERS],
    otherwise: { where: /(?:gunicorn|hypercorn)\s(?:.*\s)?(?:-c|--config)/s, why: BY_FILE },
  },
  {
    // They read config/puma.rb unasked.
    program: /(?:^|[\s/])(?:puma|rails\s+(?:s|server))(?:\s|$)/,
    flags: [WORKERS],
    otherwise: { where: ALWAYS, why: BY_FILE },
  },
  {
    program: /(?:^|[\s/])unicorn(?:_rails)?(?:\s|$)/,
    flags: [],
    otherwise: { where: /\s(?:-c|--config-file)/, why: BY_FILE },
  },
  {
    program: /(?:^|[\s/])pm2(?:-runtime)?(?:\s|$)/,
    flags: [/(?:^|\s)(?:-i|--instances)[=\s]*([^\s"']+)/],
    otherwise: { where: /\s[\w./-]+\.(?:config\.c?js|json|ya?ml)(?:\s|$)/, why: BY_FILE },
  },
  {
    program: /(?:^|[\s/])celery\s(?:.*\s)?worker(?:\s|$)/s,
    flags: [
      /(?:^|\s)--autoscale[=\s]\s*([^\s"',]+)/,
      /(?:^|\s)(?:--concurrency[=\s]|-c[=\s]?)\s*([^\s"']+)/,
    ],
    variables: ["CELERYD_CONCURRENCY", "CELERY_WORKER_CONCURRENCY"],
    // Threads and coroutines are in one process, whatever its --concurrency.
    alone: /\s(?:-P|--pool)[=\s]*(?:threads|gevent|eventlet|solo)(?:\s|$)/,
    otherwise: { where: ALWAYS, why: BY_CORES },
  },
  {
    program: /(?:^|[\s/])uwsgi(?:\s|$)/,
    flags: [/(?:^|\s)(?:--processes|--workers|-p)[=\s]*([^\s"']+)/],
    variables: ["UWSGI_PROCESSES", "UWSGI_WORKERS"],
    otherwise: {
      where: /\.(?:ini|ya?ml|xml|json)(?:[\s:]|$)|\s--(?:ini|yaml|json|xml|emperor)/,
      why: BY_FILE,
    },
  },
  // Threads; its sibling forks.
  { program: /(?:^|[\s/])sidekiq(?:\s|$)/, flags: [], alone: ALWAYS },
  {
    program: /(?:^|[\s/])sidekiqswarm(?:\s|$)/,
    flags: [],
    variables: ["SIDEKIQ_COUNT"],
    otherwise: { where: ALWAYS, why: BY_CORES },
  },
  {
    program: /(?:^|[\s/])(?:php-fpm[\d.]*|apache2-foreground|httpd(?:-foreground)?)(?:\s|$)/,
    image: /php-fpm|(?:^|\/)php:[^@]*(?:fpm|apache)/,
    flags: [],
    variables: [],
    otherwise: { where: ALWAYS, why: "each of its children may hold a connection" },
  },
  {
    program: /(?:^|[\s/])passenger(?:-start)?(?:\s|$)/,
    image: /(?:^|\/)passenger-\w/,
    flags: [],
    variables: [],
    otherwise: { where: ALWAYS, why: "it starts them as they are needed" },
  },
];

/**
 * Processes of a container, each with a pool of its own: by annotation, else by the flag that its
 * command gives to a server of several processes, else by the usual variables, else one.
 */
export function processesPerPod(workload: Workload, container: Container): Quantity {
  const { name, image, argsPlace: place } = container;
  const { variables } = container.environment;
  const what = `how many processes container ${name} runs`;
  const annotated = annotatedCount(workload.annotation(PROCESSES_PER_POD_ANNOTATION), name, what);
  if (annotated !== undefined) return annotated;
  // weir's own pods are annotated where they have more than one.
  if (workload.annotation(POOL_LIMIT_ANNOTATION) !== undefined) return known(1, "1 process");
  const command = fullCommand(container);
  const isImages = container.command.length === 0;
  const [forking, another] = FORKING.filter(
    (one) => command.test(one.program) || (isImages && one.image?.test(image) === true),
  );
  const remedy = `annotate its pod template with ${PROCESSES_PER_POD_ANNOTATION}: "N"`;
  const unknown = (why: string, at = place) => missing(`${what}: ${why}`, at, remedy);
  if (another !== undefined) return unknown("its command starts several programs");
  if (forking?.alone !== undefined && command.test(forking.alone)) return known(1, "1 process");
  const flag = forking?.flags
    .map((one) => command.match(one)?.[1])
    .find((text) => text !== undefined);
  if (flag !== undefined) {
    const count = positiveCount(flag.known);
    if (count !== undefined) return known(count, processes(count), place);
    return unknown("its command gives no number of them");
  }
  const variable = (forking?.variables ?? PROCESS_VARIABLES)
    .map((one) => variables.get(one))
    .find((one) => one !== undefined);
  if (variable === undefined) {
    const { otherwise } = forking ?? {};
    return otherwise !== undefined && command.test(otherwise.where)
      ? unknown(otherwise.why)
      : forking === undefined
        ? assumed(unknown("its program is not known"), 1, "1 process")
        : known(1, "1 process");
  }
  const count = positiveCount(variable.value.known);
  if (count !== undefined) {
    return known(count, `${processes(count)} (${variable.name})`, variable.place);
  }
  return unknown(`${variable.name} is no positive whole number`, variable.place);
}

/** The container's command, with the arguments that gunicorn adds to it. */
function fullCommand(container: Container): Template {
  const command = commandLine(container);
  const more = container.environment.variables.get("GUNICORN_CMD_ARGS")?.value;
  const isOther = !command.test(/gunicorn/) && FORKING.some(({ program }) => command.test(program));
  return more === undefined || isOther
    ? command
    : Template.join([command, Template.of("gunicorn"), more], " ");
}

function processes(count: number): string {
  return count === 1 ? "1 process" : `${count} processes`;
}
