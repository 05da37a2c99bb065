import type { Sum, Term } from "../audit/proof.ts";
import { listed } from "../budget/wording.ts";
import type { Paint } from "./explainPaint.ts";
import { hanging } from "./explainWrap.ts";

/** Up to so many terms stand each on a line of its own; of more, equal ones are counted. */
const LINES_MAX = 24;

/**
 * One sum as a person adds it up: a line for each term, with what it is made of, then the total and
 * the limit.
 *
 * @param title of the block that it stands in, not repeated
 */
export function sumLines(
  sum: Sum,
  title: string,
  columns: number,
  paint: Paint,
): readonly string[] {
  const { kind, of, terms, total, limit, limitWhy, verdict } = sum;
  const rest = title.endsWith(of) ? "" : `: ${of.slice(of.indexOf(", ") + 2)}`;
  const heading =
    kind === "clients" ? `Clients on each process${rest}` : `Server connections${rest}`;
  const rows = folded(terms);
  const width = Math.max(...[...rows.map(({ amount }) => amount), numeral(total)].map(widthOf));
  const relation = { fits: "≤", broken: ">", unknown: "at least, against" }[verdict];
  const brush = verdict === "broken" ? paint.bad : verdict === "unknown" ? paint.warn : paint.good;
  return [
    `  ${paint.bold(heading)}`,
    ...rows.flatMap(({ amount, text }) =>
      hanging(`    ${amount.padStart(width)}  `, text, columns),
    ),
    ...hanging(
      `    ${numeral(total).padStart(width)}  `,
      `${relation} ${limit === undefined ? limitWhy : withLimit(limit, limitWhy)}`,
      columns,
    ).map(brush),
  ];
}

/** The bulkheads of a PgBouncer: a line each, equal ones counted where there are many. */
export function bulkheadLines(
  sums: readonly Sum[],
  columns: number,
  paint: Paint,
): readonly string[] {
  if (sums.length === 0) return [];
  const rows = sums.map(({ of, terms, total, limit, verdict }) => ({
    name: of.slice(of.lastIndexOf(", line ") + 2),
    text: `${terms.map(({ value }) => value).join(" + ")}${terms.length > 1 ? ` = ${total}` : ""} ${
      { fits: "≤", broken: ">", unknown: "at least, against" }[verdict]
    } ${limit ?? "?"}`,
    verdict,
  }));
  const groups = Map.groupBy(rows, ({ text, verdict, name }) =>
    rows.length > LINES_MAX ? `${verdict} ${text}` : name,
  );
  const brushes = { fits: (text: string) => text, broken: paint.bad, unknown: paint.warn };
  return [
    `  ${paint.bold("Pools on each line")}, at most max_db_client_connections`,
    ...[...groups.values()].flatMap((equal) => {
      const [first] = equal;
      if (first === undefined) return [];
      const who =
        equal.length === 1 ? first.name : `each of ${listed(equal.map(({ name }) => name))}`;
      return hanging("    ", `${who}: ${first.text}`, columns).map(brushes[first.verdict]);
    }),
  ];
}

interface Row {
  readonly amount: string;
  readonly text: string;
}

function folded(terms: readonly Term[]): readonly Row[] {
  const key = ({ name, value, why }: Term): string =>
    JSON.stringify(terms.length > LINES_MAX ? [value, why] : [name, value, why]);
  return [...Map.groupBy(terms, key).values()].flatMap((equal) => {
    const [first] = equal;
    if (first === undefined) return [];
    const { value, why } = first;
    const names = listed(equal.map(({ name }) => name));
    return equal.length === 1
      ? [{ amount: numeral(value), text: `${names}: ${why}` }]
      : [
          {
            amount: numeral(value * equal.length),
            text: `${equal.length} × ${numeral(value)}: ${names}; each ${why}`,
          },
        ];
  });
}

function numeral(value: number): string {
  return value === Infinity ? "∞" : String(value);
}

function widthOf(text: string): number {
  return text.length;
}

function withLimit(limit: number, why: string): string {
  return why.includes(String(limit)) ? why : `${limit}: ${why}`;
}
