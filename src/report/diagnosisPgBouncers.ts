import { programOf } from "../diagnose/causes/finding.ts";
import type { Holder, PgBouncerUse } from "../diagnose/diagnosis.ts";
import { bar, type BarSegment } from "../text/bar.ts";
import type { Page, Paint } from "../text/paint.ts";
import { table, type TableRow } from "../text/table.ts";
import { hangingIndent, titled } from "../text/wrap.ts";

const BAR_COLUMNS_MAX = 80;

const BUSY = "█";
const IDLE = "▒";
const OTHER = "▓";
const FREE = "░";

/** One PgBouncer: who holds its client connections, what its lines are set to and have open. */
export function pgbouncerBlock(use: PgBouncerUse, page: Page): readonly (readonly string[])[] {
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
      { numbers: ["clients", "of", "waiting", "servers", "of"], name: "line", text: "" },
      lines
        .toSorted((a, b) => b.clients - a.clients)
        .map((line) => ({
          numbers: [
            `${line.clients}`,
            limitOf(line.clientsMax),
            `${line.waiting}`,
            `${line.servers}`,
            limitOf(line.serversMax),
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
export function firstRows(
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
