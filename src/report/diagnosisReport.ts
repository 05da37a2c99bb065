import { programOf } from "../diagnose/causes/finding.ts";
import type {
  Cause,
  Diagnosis,
  Holder,
  PgBouncerUse,
  PostgresUse,
  Symptom,
} from "../diagnose/causes/diagnosis.ts";
import type { LiveWorkload } from "../model/workload.ts";
import { bar, type BarSegment } from "../text/bar.ts";
import { pageFor, type Page, type Screen } from "../text/paint.ts";
import { table, type TableRow } from "../text/table.ts";
import { counted, listed } from "../text/wording.ts";
import { blocksText, hangingIndent, marked, numbered, titled } from "../text/wrap.ts";

/**
 * A diagnosis for people: the verdict first, then what it was read from: who holds how many
 * connections of each PgBouncer, what its lines are set to and how large they are, which servers
 * run, what Postgres allows and has open; last what weir could not ask. Ends with a newline.
 */
export function diagnosisReport(diagnosis: Diagnosis, screen: Screen): string {
  const page = pageFor(screen);
  const { causes, symptoms, poolers, postgres, workloads = [], unavailable } = diagnosis;
  return blocksText([
    ...(causes.length === 0
      ? [verdict(diagnosis, page)]
      : causes.map((cause) => causeBlock(cause, page))),
    ...symptoms.map((symptom) => symptomBlock(symptom, page)),
    ...poolers.flatMap((pooler) => pgbouncerBlocks(pooler, page)),
    workloadBlock(workloads, poolers, page),
    postgres === undefined ? [] : postgresBlock(postgres, page),
    unavailableBlock(unavailable, page),
  ]);
}

function verdict(diagnosis: Diagnosis, page: Page): readonly string[] {
  const { unavailable } = diagnosis;
  const uncertainty = uncertaintyOf(diagnosis);
  const text =
    uncertainty ??
    (unavailable.length === 0
      ? "Nothing is wrong"
      : `Nothing is wrong as far as weir could see: ${counted(unavailable.length, "thing")} it could not, see below`);
  const { paint } = page;
  const mark = uncertainty === undefined ? paint.good("✓") : paint.warn("?");
  return marked(mark, text, page, paint.bold);
}

/** Why weir can't say that nothing is wrong, if it names no cause; undefined: it can. */
export function uncertaintyOf({ symptoms, unavailable }: Diagnosis): string | undefined {
  if (symptoms.length > 0) return "No cause is proved, but it can't be said that all is well";
  const failed = unavailable.filter((each) => each.failed).map(({ what }) => what);
  if (failed.length === 0) return undefined;
  return `weir can't know whether something is wrong: it could not ask ${listed(failed)}`;
}

/** A symptom, and the steps to find its reason. */
function symptomBlock({ summary, next }: Symptom, page: Page): readonly string[] {
  const { paint } = page;
  return [
    ...marked(paint.warn("!"), `Not well: ${summary}`, page, paint.bold),
    ...nextLines(next, page),
  ];
}

function nextLines(next: readonly string[], page: Page): readonly string[] {
  return next.length === 0 ? [] : ["  What to do:", ...numbered(next, page)];
}

function causeBlock({ kind, summary, evidence, next }: Cause, page: Page): readonly string[] {
  const { paint } = page;
  return [
    ...marked(paint.bad("✗"), `${kind}: ${summary}`, page, paint.bold),
    ...evidence.flatMap((text) => hangingIndent("  - ", text, page)),
    ...nextLines(next, page),
  ];
}

/** What could not be asked, and how it could. */
export function unavailableBlock(
  unavailable: Diagnosis["unavailable"],
  page: Page,
): readonly string[] {
  if (unavailable.length === 0) return [];
  const { bold, dim, warn } = page.paint;
  return [
    bold("Not available"),
    ...unavailable.flatMap(({ what, why, next }) => [
      ...marked(warn("?"), `${what}: ${why}`, page),
      ...hangingIndent("    ", next, page, dim),
    ]),
  ];
}

/** Which servers run, what the pool of each process is set to, and what their pods hold. */
function workloadBlock(
  workloads: readonly LiveWorkload[],
  poolers: readonly PgBouncerUse[],
  page: Page,
): readonly string[] {
  if (workloads.length === 0) return [];
  const title = "Which servers run, and how large each pool is";
  return [
    ...hangingIndent("", title, page, page.paint.bold),
    ...firstRows(
      { name: "server", numbers: ["pods", "peak", "pool max", "clients"] },
      workloads.map((workload) => {
        const { name, pods, peakPods = "?", poolMax = "?" } = workload;
        const numbers = [pods.length, peakPods, poolMax, clientsOf(workload, poolers)];
        return { name, numbers, text: remarksOn(workload) };
      }),
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
    ...hangingIndent("  ", sum, page),
    ...firstRows(
      { name: "role", numbers: ["open", "of", "active", "in transaction"] },
      roles.map(({ role, open: own, limit = "any", active, idleInTransaction }) => ({
        name: role,
        numbers: [own, limit, active, idleInTransaction],
      })),
      page,
    ),
  ];
}

/** One PgBouncer: who holds its client connections, what its lines are set to and have open. */
function pgbouncerBlocks(use: PgBouncerUse, page: Page): readonly (readonly string[])[] {
  const { bold, dim } = page.paint;
  return [
    [
      bold(`PgBouncer ${use.address} (${use.version})`),
      ...hangingIndent("  ", `asked ${use.access}`, page, dim),
    ],
    holderLines(use, page),
    lineLines(use, page),
  ];
}

function holderLines(use: PgBouncerUse, page: Page): readonly string[] {
  const { used, maxClientConn, holders } = use;
  const held = sumOf(holders, ({ clients }) => clients);
  const segments = segmentsOf(use, held, page);
  return [
    ...titled("Who holds its client connections", `${used} of ${maxClientConn} are used`, page),
    bar(segments, page),
    ...legend(segments, page),
    ...(holders.length === 0
      ? []
      : firstRows(
          { name: "line", numbers: ["clients", "busy", "waiting"], text: "who" },
          holders.map((holder) => ({
            name: holder.line,
            numbers: [holder.clients, holder.busy, holder.waiting],
            text: whoOf(holder),
          })),
          page,
          ` who hold these ${held}`,
        )),
  ];
}

/** `author, application mcp, 10.0.0.7 → author-7c9d (Deployment writing/author)`. */
function whoOf({ line, user, application, address, workload, pod }: Holder): string {
  const where =
    workload === undefined
      ? address
      : `${address} → ${pod === undefined ? workload : `${pod} (${workload})`}`;
  return [
    ...(user === line ? [] : [user === "" ? "still logging in" : user]),
    ...(application === "" || application === user ? [] : [programOf(line, application)]),
    where,
  ].join(", ");
}

/** What each line is set to, and what it has open. */
function lineLines({ lines }: PgBouncerUse, page: Page): readonly string[] {
  const title = "What its lines are set to, and how large their pools are";
  return [
    ...hangingIndent("", title, page, page.paint.bold),
    ...firstRows(
      { name: "line", numbers: ["clients", "of", "waiting", "backends", "of"] },
      lines
        .toSorted((a, b) => b.clients - a.clients)
        .map(
          ({ name, clients, clientsMax = "any", waiting, backends, backendsMax, ...states }) => ({
            name,
            // 0 is PgBouncer's word for no limit.
            numbers: [clients, clientsMax, waiting, backends, backendsMax || "any"],
            text: [
              ...(states.paused ? ["paused"] : []),
              ...(states.disabled ? ["disabled: nobody may log in"] : []),
            ].join(", "),
          }),
        ),
      page,
    ),
  ];
}

/** A part of the bar, and what it stands for. */
interface NamedSegment extends BarSegment {
  readonly name: string;
}

/** Busy clients, idle clients, consoles and logins, and the free rest. */
function segmentsOf(
  { used, maxClientConn, holders }: PgBouncerUse,
  held: number,
  { paint }: Page,
): readonly NamedSegment[] {
  const busy = sumOf(holders, (holder) => holder.busy);
  const other = Math.max(0, used - held);
  const free = Math.max(0, maxClientConn - Math.max(used, held));
  return [
    { name: "busy", size: busy, mark: "█", style: paint.server },
    { name: "idle", size: held - busy, mark: "▒", style: paint.warn },
    { name: "for consoles and logins", size: other, mark: "▓", style: paint.otherServer },
    { name: "free", size: free, mark: "░", style: paint.dim },
  ].filter(({ size }) => size > 0);
}

/** What the marks of the bar mean; where the terminal is narrow, a line for each. */
function legend(segments: readonly NamedSegment[], { columns }: Page): readonly string[] {
  const parts = segments.map(({ name, size, mark, style }) => `${style(mark)} ${size} ${name}`);
  const width = sumOf(segments, ({ name, size }) => `  █ ${size} ${name}`.length);
  return width <= columns ? [`  ${parts.join("  ")}`] : parts.map((part) => `  ${part}`);
}

/** Rows of one table; a longer one is not read. */
const ROWS_MAX = 40;

/**
 * The first rows of a table, and how many more there are.
 *
 * @param which of all that --output json has: ` who hold these 7`
 */
function firstRows(
  headings: TableRow,
  rows: readonly TableRow[],
  page: Page,
  which = "",
): readonly string[] {
  const hidden = rows.length - ROWS_MAX;
  const shown = rows.slice(0, ROWS_MAX);
  return [
    ...table(headings, shown, page, { indent: "  ", textColumnsMin: 30 }),
    ...(hidden > 0 ? [page.paint.dim(`  … ${hidden} more; --output json has all${which}`)] : []),
  ];
}

function sumOf<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + valueOf(item), 0);
}
