import { programOf } from "../diagnose/causes/finding.ts";
import type {
  Cause,
  Diagnosis,
  Holder,
  PgBouncerUse,
  PostgresUse,
  Symptom,
} from "../diagnose/diagnosis.ts";
import type { LiveWorkload } from "../model/workload.ts";
import { bar, type BarSegment } from "../text/bar.ts";
import { pageFor, type Page, type Paint, type Screen } from "../text/paint.ts";
import { table, type TableRow } from "../text/table.ts";
import { counted, listed } from "../text/wording.ts";
import { blocksText, hangingIndent, marked, titled } from "../text/wrap.ts";

/**
 * A diagnosis for people: the verdict first, then what it was read from: who holds how many
 * connections of each PgBouncer, what its lines are set to and how large they are, which servers
 * run, what Postgres allows and has open; last what could not be seen. Ends with a newline.
 */
export function diagnosisReport(diagnosis: Diagnosis, screen: Screen): string {
  const page = pageFor(screen);
  const { causes, symptoms, poolers, postgres, workloads, unavailable } = diagnosis;
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
    ...(unavailable.length === 0 ? [] : [unavailableBlock(unavailable, page)]),
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

/** Why nobody can say that nothing is wrong, where no cause is named; undefined when one can. */
export function uncertaintyOf({ symptoms, unavailable }: Diagnosis): string | undefined {
  if (symptoms.length > 0) return "No cause is proved, but it can't be said that all is well";
  const failed = unavailable.filter((each) => each.failed).map(({ what }) => what);
  if (failed.length === 0) return undefined;
  return `weir can't know whether something is wrong: it could not ask ${listed(failed)}`;
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
export function unavailableBlock(
  unavailable: Diagnosis["unavailable"],
  page: Page,
): readonly string[] {
  const { columns, paint } = page;
  return [
    paint.bold("Not available"),
    ...unavailable.flatMap(({ what, why, next }) => [
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

const BAR_COLUMNS_MAX = 80;

const BUSY = "█";
const IDLE = "▒";
const OTHER = "▓";
const FREE = "░";

/** One PgBouncer: who holds its client connections, what its lines are set to and have open. */
function pgbouncerBlock(use: PgBouncerUse, page: Page): readonly (readonly string[])[] {
  const { columns, paint } = page;
  const { address, version, access } = use;
  return [
    [
      paint.bold(`PgBouncer ${address} (${version})`),
      ...hangingIndent("  ", `asked ${access}`, columns).map(paint.dim),
    ],
    holderLines(use, page),
    lineLines(use, page),
  ];
}

function holderLines(use: PgBouncerUse, page: Page): readonly string[] {
  const { columns, paint } = page;
  const { used, maxClientConn, holders } = use;
  const held = sumOf(holders, ({ clients }) => clients);
  const segments = segmentsOf(use, paint);
  return [
    ...titled("Who holds its client connections", `${used} of ${maxClientConn} are used`, page),
    `  ${bar(segments, Math.min(BAR_COLUMNS_MAX, columns - 4))}`,
    ...legend(segments, columns),
    ...(holders.length === 0
      ? []
      : firstRows(
          { numbers: ["clients", "busy", "waiting"], name: "line", text: "who" },
          holders.map((holder) => ({
            numbers: [holder.clients, holder.busy, holder.waiting].map(String),
            name: holder.line,
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
  const { columns, paint } = page;
  return [
    ...hangingIndent("", "What its lines are set to, and how large their pools are", columns).map(
      paint.bold,
    ),
    ...firstRows(
      { numbers: ["clients", "of", "waiting", "backends", "of"], name: "line", text: "" },
      lines
        .toSorted((a, b) => b.clients - a.clients)
        .map((line) => ({
          numbers: [
            `${line.clients}`,
            limitOf(line.clientsMax),
            `${line.waiting}`,
            `${line.backends}`,
            limitOf(line.backendsMax),
          ],
          name: line.name,
          text: [
            ...(line.paused ? ["paused"] : []),
            ...(line.disabled ? ["disabled: nobody may log in"] : []),
          ].join(", "),
        })),
      page,
    ),
  ];
}

/** No limit, and 0, which is PgBouncer's word for none. */
function limitOf(limit: number | undefined): string {
  return limit === undefined || limit === 0 || !Number.isFinite(limit) ? "any" : `${limit}`;
}

/** A part of the bar, and what it stands for. */
interface NamedSegment extends BarSegment {
  readonly name: string;
}

/** Those that have work, those that only hold, what is no client of a line, and what is left. */
function segmentsOf(
  { used, maxClientConn, holders }: PgBouncerUse,
  paint: Paint,
): readonly NamedSegment[] {
  const held = sumOf(holders, ({ clients }) => clients);
  const busy = sumOf(holders, (holder) => holder.busy);
  return [
    { name: "busy", size: busy, mark: BUSY, style: paint.server },
    { name: "idle", size: held - busy, mark: IDLE, style: paint.warn },
    {
      name: "for consoles and logins",
      size: Math.max(0, used - held),
      mark: OTHER,
      style: paint.otherServer,
    },
    {
      name: "free",
      size: Math.max(0, maxClientConn - Math.max(used, held)),
      mark: FREE,
      style: paint.dim,
    },
  ].filter(({ size }) => size > 0);
}

/** What the marks of the bar mean; where the terminal is narrow, a line for each. */
function legend(segments: readonly NamedSegment[], columns: number): readonly string[] {
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
