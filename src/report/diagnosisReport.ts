import type {
  Cause,
  Diagnosis,
  PgBouncerUse,
  PostgresUse,
  Symptom,
} from "../diagnose/diagnosis.ts";
import type { LiveWorkload } from "../model/workload.ts";
import { pageFor, type Page, type Screen } from "../text/paint.ts";
import { counted, listed } from "../text/wording.ts";
import { blocksText, hangingIndent, marked, titled } from "../text/wrap.ts";
import { firstRows, pgbouncerBlock } from "./diagnosisPgBouncers.ts";

/**
 * A diagnosis for people: the verdict first, then what it was read from: who holds how many
 * connections of each PgBouncer, what its lines are set to and how large they are, which servers
 * run, what Postgres allows and has open; last what could not be seen. Ends with a newline.
 */
export function diagnosisReport(diagnosis: Diagnosis, screen: Screen): string {
  const page = pageFor(screen);
  const { causes, symptoms, poolers, postgres, workloads, unseen } = diagnosis;
  return blocksText([
    ...(causes.length === 0
      ? [verdict(diagnosis, page)]
      : causes.map((cause) => causeBlock(cause, page))),
    ...symptoms.map((symptom) => symptomBlock(symptom, page)),
    ...poolers.flatMap((pooler) => pgbouncerBlock(pooler, page)),
    ...(workloads === undefined || workloads.length === 0
      ? []
      : [workloadBlock(workloads, poolers, page)]),
    ...(postgres === undefined ? [] : [postgresBlock(postgres, page)]),
    ...(unseen.length === 0 ? [] : [unavailableBlock(unseen, page)]),
  ]);
}

function verdict(diagnosis: Diagnosis, page: Page): readonly string[] {
  const { unseen } = diagnosis;
  const uncertainty = uncertaintyOf(diagnosis);
  const text =
    uncertainty ??
    (unseen.length === 0
      ? "Nothing is wrong"
      : `Nothing is wrong as far as could be seen: ${counted(unseen.length, "thing")} could not, see below`);
  const { paint } = page;
  const mark = uncertainty === undefined ? paint.good("✓") : paint.warn("?");
  return marked(mark, text, page, paint.bold);
}

/** Why nobody can say that nothing is wrong, where no cause is named; undefined when one can. */
export function uncertaintyOf({ symptoms, unseen }: Diagnosis): string | undefined {
  if (symptoms.length > 0) return "No cause is proved, but it can't be said that all is well";
  const failed = unseen.filter((each) => each.failed).map(({ what }) => what);
  if (failed.length === 0) return undefined;
  return `It can't be told whether something is wrong: ${listed(failed)} could not be asked`;
}

/** Somebody suffers, and what is done to find out why. */
function symptomBlock({ summary, next }: Symptom, page: Page): readonly string[] {
  const { paint } = page;
  return [
    ...marked(paint.warn("!"), `Not well: ${summary}`, page, paint.bold),
    ...nextLines(next, page),
  ];
}

function nextLines(next: readonly string[], { columns }: Page): readonly string[] {
  return [
    ...(next.length === 0 ? [] : ["  What to do:"]),
    ...next.flatMap((text, index) => hangingIndent(`  ${index + 1}. `, text, columns)),
  ];
}

function causeBlock({ kind, summary, evidence, next }: Cause, page: Page): readonly string[] {
  const { paint } = page;
  return [
    ...marked(paint.bad("✗"), `${kind}: ${summary}`, page, paint.bold),
    ...evidence.flatMap((text) => hangingIndent("  - ", text, page.columns)),
    ...nextLines(next, page),
  ];
}

/** What could not be asked, and how it could. */
export function unavailableBlock(unseen: Diagnosis["unseen"], page: Page): readonly string[] {
  const { columns, paint } = page;
  return [
    paint.bold("Not seen"),
    ...unseen.flatMap(({ what, why, next }) => [
      ...marked(paint.warn("?"), `${what}: ${why}`, page),
      ...hangingIndent("    ", next, columns).map(paint.dim),
    ]),
  ];
}

/** Which servers run, what the pool of each process is set to, and what their pods hold. */
function workloadBlock(
  workloads: readonly LiveWorkload[],
  poolers: readonly PgBouncerUse[],
  page: Page,
): readonly string[] {
  return [
    ...hangingIndent("", "Which servers run, and how large each pool is", page.columns).map(
      page.paint.bold,
    ),
    ...firstRows(
      { numbers: ["pods", "peak", "pool max", "clients"], name: "server", text: "" },
      workloads.map((workload) => ({
        numbers: [
          `${workload.pods.length}`,
          workload.peakPods === undefined ? "?" : `${workload.peakPods}`,
          workload.poolMax === undefined ? "?" : `${workload.poolMax}`,
          `${clientsOf(workload, poolers)}`,
        ],
        name: workload.name,
        text: remarksOn(workload),
      })),
      page,
    ),
  ];
}

function clientsOf({ name, pods }: LiveWorkload, poolers: readonly PgBouncerUse[]): number {
  const addresses = new Set(pods.flatMap(({ address }) => address ?? []));
  return poolers
    .flatMap(({ holders }) => holders)
    .filter(({ workload, address }) => workload === name || addresses.has(address))
    .reduce((sum, { clients }) => sum + clients, 0);
}

function remarksOn(workload: LiveWorkload): string {
  const { pods, poolMaxFrom, processesPerPod, replicas, line } = workload;
  const terminating = pods.filter((pod) => pod.terminating).length;
  const unready = pods.filter((pod) => !pod.ready && !pod.terminating).length;
  return [
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(poolMaxFrom === undefined ? [] : [`pool from ${poolMaxFrom}`]),
    ...(processesPerPod === 1 ? [] : [`${processesPerPod} processes a pod`]),
    ...(pods.length === replicas ? [] : [counted(replicas, "replica")]),
    ...(terminating === 0 ? [] : [`${terminating} terminating`]),
    ...(unready === 0 ? [] : [`${unready} not ready`]),
  ].join(", ");
}

/** What Postgres allows and has open, by role. */
function postgresBlock(
  { address, version, available, maxConnections, open, roles }: PostgresUse,
  page: Page,
): readonly string[] {
  const reserved = maxConnections - available;
  const sum = `${available} = ${maxConnections} max_connections − ${reserved} reserved`;
  return [
    ...titled(`Postgres ${address} (${version})`, `${open} of ${available} are open`, page),
    ...hangingIndent("  ", sum, page.columns),
    ...firstRows(
      { numbers: ["open", "of", "active", "in transaction"], name: "role", text: "" },
      roles.map((role) => ({
        numbers: [
          `${role.open}`,
          role.limit === undefined || role.limit < 0 ? "any" : `${role.limit}`,
          `${role.active}`,
          `${role.idleInTransaction}`,
        ],
        name: role.role,
        text: "",
      })),
      page,
    ),
  ];
}
