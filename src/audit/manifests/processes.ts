import { PROCESSES_PER_POD_ANNOTATION } from "../../api/names.ts";
import type { Figure } from "../system.ts";
import { annotatedCount } from "./annotations.ts";
import { expanded, type Environment } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { known, missing, positiveCount } from "./figures.ts";
import { commandOf } from "./pgbouncerPods.ts";
import { PROCESS_VARIABLES } from "./poolVariables.ts";
import type { Workload } from "./workloads.ts";

/** Programs whose -w and --workers is a number of processes. */
const WORKERS = /(?:^|[\s/])(?:gunicorn|uvicorn|hypercorn|granian|puma|fastapi|daphne)(?:\s|$)/;
const WORKERS_FLAG = /(?:^|\s)(?:--workers|-w)[=\s]*([^\s"']+)/;
const PM2 = /(?:^|[\s/])pm2(?:-runtime)?(?:\s|$)/;
const PM2_FLAG = /(?:^|\s)(?:-i|--instances)[=\s]*([^\s"']+)/;

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
  const flag =
    (WORKERS.test(command) ? WORKERS_FLAG.exec(command)?.[1] : undefined) ??
    (PM2.test(command) ? PM2_FLAG.exec(command)?.[1] : undefined);
  const args = container.at(container.at("args").exists ? "args" : "command").place();
  const tell = `annotate its pod template with ${PROCESSES_PER_POD_ANNOTATION}: "N"`;
  if (flag !== undefined) {
    const count = positiveCount(flag);
    if (count !== undefined) return known(count, processes(count), args);
    return missing(`${what}: its command gives no number of them`, args, tell);
  }
  const variable = PROCESS_VARIABLES.map((one) => variables.get(one)).find((one) => one);
  if (variable === undefined) return known(1, "1 process");
  const count = positiveCount(variable.value);
  if (count !== undefined) {
    return known(count, `${processes(count)} (${variable.name})`, variable.place);
  }
  return missing(`${what}: ${variable.name} is no positive whole number`, variable.place, tell);
}

function processes(count: number): string {
  return count === 1 ? "1 process" : `${count} processes`;
}
