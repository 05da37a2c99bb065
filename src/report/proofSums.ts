import type { Sum, Term } from "../verify/proof/proof.ts";
import { listed } from "../text/wording.ts";
import type { Paint } from "../text/paint.ts";
import { hangingIndent } from "../text/wrap.ts";

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
  const { kind, of, terms, total, verdict } = sum;
  const rest = title.endsWith(of) ? "" : `: ${of.slice(of.indexOf(", ") + 2)}`;
  const heading =
    kind === "clients" ? `Clients on each process${rest}` : `Server connections${rest}`;
  const own = `${title.replace(/^PgBouncer /, "")}, `;
  const rows = folded(
    terms.map((term) => ({
      ...term,
      name: term.name.startsWith(own) ? term.name.slice(own.length) : term.name,
    })),
  );
  const width = Math.max(...[...rows.map(({ amount }) => amount), numeral(total)].map(widthOf));
  const brush = verdict === "broken" ? paint.bad : verdict === "unknown" ? paint.warn : paint.good;
  return [
    ...hangingIndent("  ", heading, columns).map(paint.bold),
    ...rows.flatMap(({ amount, text }) =>
      hangingIndent(`    ${amount.padStart(width)}  `, text, columns),
    ),
    ...hangingIndent(`    ${numeral(total).padStart(width)}  `, ending(sum), columns).map(brush),
  ];
}

function ending({ verdict, limit, limitWhy }: Sum): string {
  if (verdict === "unknown") {
    return limit === undefined ? `at least; ${limitWhy}` : `at least, of ${limit}: ${limitWhy}`;
  }
  const relation = verdict === "fits" ? "≤" : ">";
  return `${relation} ${limitWhy.startsWith(String(limit)) ? "" : `${limit}: `}${limitWhy}`;
}

/** The bulkheads of a PgBouncer: equal ones together. */
export function bulkheadLines(
  sums: readonly Sum[],
  columns: number,
  paint: Paint,
): readonly string[] {
  if (sums.length === 0) return [];
  const rows = sums.map(({ of, terms, total, limit, verdict }) => ({
    name: of.slice(of.lastIndexOf(", line ") + ", line ".length),
    text:
      `${total}${verdict === "unknown" ? " at least, of" : verdict === "fits" ? " ≤" : " >"} ` +
      `${limit ?? "?"}: ${terms.map(({ why }) => why).join(" + ")}`,
    brush: { fits: (text: string) => text, broken: paint.bad, unknown: paint.warn }[verdict],
  }));
  return [
    ...hangingIndent(
      "  ",
      "Pools on each line, at most its max_db_client_connections",
      columns,
    ).map(paint.bold),
    ...[...Map.groupBy(rows, ({ text }) => text).values()].flatMap((equal) => {
      const [first] = equal;
      if (first === undefined) return [];
      const count = equal.length === 1 ? "" : `${equal.length} lines, each `;
      const names = allNames(equal.map(({ name }) => name));
      return [
        ...hangingIndent("    ", `${count}${first.text}`, columns),
        ...hangingIndent("      ", names, columns),
      ].map(first.brush);
    }),
  ];
}

/** All of them, unless they are hundreds. */
function allNames(names: readonly string[]): string {
  return names.length > LINES_MAX ? listed(names) : names.join(", ");
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
