import type { Holder, Holding } from "../diagnose/diagnosis.ts";
import { programOf } from "../diagnose/causes/wording.ts";
import { rowsOf, titled } from "./diagnosisRows.ts";
import type { Paint } from "../text/paint.ts";
import { hangingIndent } from "../text/wrap.ts";

const BAR_COLUMNS_MAX = 80;

const BUSY = "█";
const IDLE = "▒";
const OTHER = "▓";
const FREE = "░";

/** One PgBouncer: who holds its client connections, what its lines are set to and have open. */
export function poolerBlock(
  holding: Holding,
  columns: number,
  paint: Paint,
): readonly (readonly string[])[] {
  const { address, version, access } = holding;
  return [
    [
      paint.bold(`PgBouncer ${address} (${version})`),
      ...hangingIndent("  ", `asked ${access}`, columns).map(paint.dim),
    ],
    holderLines(holding, columns, paint),
    lineLines(holding, columns, paint),
  ];
}

function holderLines(holding: Holding, columns: number, paint: Paint): readonly string[] {
  const { used, maxClientConn, holders } = holding;
  const held = sumOf(holders, ({ clients }) => clients);
  return [
    ...titled(
      "Who holds its client connections",
      `${used} of ${maxClientConn} are used`,
      columns,
      paint,
    ),
    `  ${bar(holding, Math.min(BAR_COLUMNS_MAX, columns - 4), paint)}`,
    ...legend(holding, columns, paint),
    ...(holders.length === 0
      ? []
      : rowsOf(
          { numbers: ["clients", "busy", "waiting"], name: "line", text: "who" },
          holders.map((holder) => ({
            numbers: [holder.clients, holder.busy, holder.waiting].map(String),
            name: holder.line,
            text: whoOf(holder),
          })),
          columns,
          paint,
          (hidden) => `${hidden} more; --output json has all who hold these ${held}`,
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
function lineLines({ lines }: Holding, columns: number, paint: Paint): readonly string[] {
  return [
    ...hangingIndent("", "What its lines are set to, and how large their pools are", columns).map(
      paint.bold,
    ),
    ...rowsOf(
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
      columns,
      paint,
      (hidden) => `${hidden} more; --output json has all`,
    ),
  ];
}

/** No limit, and 0, which is PgBouncer's word for none. */
function limitOf(limit: number | undefined): string {
  return limit === undefined || limit === 0 || !Number.isFinite(limit) ? "any" : `${limit}`;
}

interface Stretch {
  readonly name: string;
  readonly connections: number;
  readonly mark: string;
  readonly brush: (text: string) => string;
}

/** Those that have work, those that only hold, what is no client of a line, and what is left. */
function stretchesOf({ used, maxClientConn, holders }: Holding, paint: Paint): readonly Stretch[] {
  const held = sumOf(holders, ({ clients }) => clients);
  const busy = sumOf(holders, (holder) => holder.busy);
  return [
    { name: "busy", connections: busy, mark: BUSY, brush: paint.server },
    { name: "idle", connections: held - busy, mark: IDLE, brush: paint.warn },
    {
      name: "for consoles and logins",
      connections: Math.max(0, used - held),
      mark: OTHER,
      brush: paint.otherServer,
    },
    {
      name: "free",
      connections: Math.max(0, maxClientConn - Math.max(used, held)),
      mark: FREE,
      brush: paint.dim,
    },
  ].filter(({ connections }) => connections > 0);
}

function bar(holding: Holding, width: number, paint: Paint): string {
  const stretches = stretchesOf(holding, paint);
  const total = Math.max(
    1,
    sumOf(stretches, ({ connections }) => connections),
  );
  let connections = 0;
  let drawn = 0;
  const marks = stretches.map((stretch) => {
    connections += stretch.connections;
    const end = Math.round((connections / total) * width);
    const columns = end - drawn;
    drawn = end;
    return stretch.brush(stretch.mark.repeat(columns));
  });
  return marks.join("");
}

/** What the marks of the bar mean; where the terminal is narrow, a line for each. */
function legend(holding: Holding, columns: number, paint: Paint): readonly string[] {
  const stretches = stretchesOf(holding, paint);
  const parts = stretches.map(
    ({ name, connections, mark, brush }) => `${brush(mark)} ${connections} ${name}`,
  );
  const width = stretches.reduce(
    (sum, { name, connections }) => sum + `  █ ${connections} ${name}`.length,
    0,
  );
  return width <= columns ? [`  ${parts.join("  ")}`] : parts.map((part) => `  ${part}`);
}

function sumOf<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + valueOf(item), 0);
}
