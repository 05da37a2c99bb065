import { pageFor, type Page, type Paint, type Screen } from "../text/paint.ts";
import { counted, listed } from "../text/wording.ts";
import { blocksText, hangingIndent, marked } from "../text/wrap.ts";
import type { Finding, Proof, Sum, Term } from "../verify/proof/proof.ts";
import type { ManifestObject, SourcePosition } from "../verify/sourcePosition.ts";
import type { MissingQuantity } from "../verify/quantity.ts";
import { placeAsData } from "./proofData.ts";

/** What was read, beside what was proved of it. */
interface Read {
  readonly objects: readonly ManifestObject[];
  /** The names of the PgBouncers that were found. */
  readonly poolers: readonly string[];
}

/** The most fields that a finding lists; JSON and SARIF have all. */
const RELATED_MAX = 5;

/**
 * The proof for people: the verdict; for each PgBouncer, and each Postgres, its sums as one adds
 * them up by hand; then what is wrong, and what is missing and how to supply it. Ends with a newline.
 */
export function proofReport(proof: Proof, read: Read, screen: Screen): string {
  const page = pageFor(screen);
  const owned = read.poolers.map((name) => ({
    title: `PgBouncer ${name}`,
    sums: proof.sums.filter(({ of }) => of === name || of.startsWith(`${name}, `)),
  }));
  const theirs = new Set(owned.flatMap(({ sums }) => sums));
  const others = proof.sums
    .filter((sum) => !theirs.has(sum))
    .map((sum) => ({ title: sum.of, sums: [sum] }));
  return blocksText([
    verdictLines(proof, read, page),
    ...[...owned, ...others].map(({ title, sums }) => block(title, sums, page)),
    ...proof.findings.map((finding) => findingLines(finding, page)),
    ...proof.missing.map((missing) => missingLines(missing, page)),
    ...proof.notes.map((note) => marked(page.paint.warn("!"), note, page)),
  ]);
}

function verdictLines(
  { verdict, findings, missing, sums }: Proof,
  { objects, poolers }: Read,
  page: Page,
): readonly string[] {
  const { columns, paint } = page;
  const what = {
    fits: `Proved: ${counted(sums.length, "sum")} hold`,
    broken: `Broken: ${counted(findings.length, "finding")}`,
    unknown:
      poolers.length === 0
        ? `Cannot tell: no PgBouncer found in ${counted(objects.length, "object")}`
        : `Cannot tell: ${missing.length} missing`,
  }[verdict];
  const files = new Set(objects.map(({ file }) => file));
  const counts = [
    counted(objects.length, "object"),
    counted(files.size, "file"),
    counted(poolers.length, "PgBouncer"),
    counted(sums.length, "sum"),
  ];
  return [
    ...marked(markOf(verdict, paint), what, page, paint.bold),
    ...hangingIndent("  ", counts.join(", "), columns),
  ];
}

/** ✓ fits, ✗ broken, ? unknown. */
function markOf(verdict: Sum["verdict"], paint: Paint): string {
  return { fits: paint.good("✓"), broken: paint.bad("✗"), unknown: paint.warn("?") }[verdict];
}

function block(title: string, sums: readonly Sum[], page: Page): readonly string[] {
  const { paint } = page;
  const bulkheads = sums.filter(({ kind }) => kind === "bulkhead");
  const verdict = (["broken", "unknown"] as const).find((each) =>
    sums.some((sum) => sum.verdict === each),
  );
  return [
    ...marked(markOf(verdict ?? "fits", paint), title, page, paint.bold),
    ...sums.filter(({ kind }) => kind !== "bulkhead").flatMap((sum) => sumLines(sum, title, page)),
    ...bulkheadLines(bulkheads, page),
  ];
}

function findingLines(finding: Finding, page: Page): readonly string[] {
  const { columns, paint } = page;
  const { rule, message, place, related } = finding;
  const more = related.length - RELATED_MAX;
  return [
    ...marked(paint.bad("✗"), message, page, paint.bad),
    ...hangingIndent("  ", `look first at ${located(place)}`, columns),
    ...related
      .slice(0, RELATED_MAX)
      .flatMap((other) => hangingIndent("    ", `with ${located(other)}`, columns).map(paint.dim)),
    ...(more > 0
      ? hangingIndent("    ", `and ${counted(more, "field")} more: --output json`, columns).map(
          paint.dim,
        )
      : []),
    ...hangingIndent("  ", rule, columns).map(paint.dim),
  ];
}

function missingLines({ what, place, remedy }: MissingQuantity, page: Page): readonly string[] {
  const { columns, paint } = page;
  return [
    ...marked(paint.warn("?"), `Missing: ${what}`, page, paint.warn),
    ...hangingIndent("  ", located(place), columns),
    ...hangingIndent("  ", `To supply it: ${remedy}`, columns),
  ];
}

/** `a.yaml:12:9: Deployment writing/author: spec.replicas`. */
function located(place: SourcePosition): string {
  const { file, line, column, object, field } = placeAsData(place);
  const where = `${file}:${line}:${column}: ${object}`;
  return field === "" ? where : `${where}: ${field}`;
}

/** Up to so many terms stand each on a line of its own; of more, equal ones are counted. */
const LINES_MAX = 24;

/**
 * One sum as a person adds it up: a line for each term, with what it is made of, then the total and
 * the limit.
 *
 * @param title of the block that it stands in, not repeated
 */
function sumLines(sum: Sum, title: string, { columns, paint }: Page): readonly string[] {
  const { kind, of, terms, total, verdict } = sum;
  const rest = title.endsWith(of) ? "" : `: ${of.slice(of.indexOf(", ") + 2)}`;
  const heading =
    kind === "clients" ? `Clients on each process${rest}` : `Backend connections${rest}`;
  const own = `${title.replace(/^PgBouncer /, "")}, `;
  const rows = folded(
    terms.map((term) => ({
      ...term,
      name: term.name.startsWith(own) ? term.name.slice(own.length) : term.name,
    })),
  );
  const width = Math.max(numeral(total).length, ...rows.map(({ amount }) => amount.length));
  const style = verdict === "broken" ? paint.bad : verdict === "unknown" ? paint.warn : paint.good;
  return [
    ...hangingIndent("  ", heading, columns).map(paint.bold),
    ...rows.flatMap(({ amount, text }) =>
      hangingIndent(`    ${amount.padStart(width)}  `, text, columns),
    ),
    ...hangingIndent(`    ${numeral(total).padStart(width)}  `, ending(sum), columns).map(style),
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
function bulkheadLines(sums: readonly Sum[], { columns, paint }: Page): readonly string[] {
  if (sums.length === 0) return [];
  const rows = sums.map(({ of, terms, total, limit, verdict }) => ({
    name: of.slice(of.lastIndexOf(", line ") + ", line ".length),
    text:
      `${total}${verdict === "unknown" ? " at least, of" : verdict === "fits" ? " ≤" : " >"} ` +
      `${limit ?? "?"}: ${terms.map(({ why }) => why).join(" + ")}`,
    style: { fits: (text: string) => text, broken: paint.bad, unknown: paint.warn }[verdict],
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
      ].map(first.style);
    }),
  ];
}

/** All of them, unless they are hundreds. */
function allNames(names: readonly string[]): string {
  return names.length > LINES_MAX ? listed(names) : names.join(", ");
}

interface TermRow {
  readonly amount: string;
  readonly text: string;
}

function folded(terms: readonly Term[]): readonly TermRow[] {
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
