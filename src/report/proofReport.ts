import { pageFor, type Page, type Screen, type Style } from "../text/paint.ts";
import { counted, listed } from "../text/wording.ts";
import { blocksText, hangingIndent, marked } from "../text/wrap.ts";
import type { Finding, Proof, Sum, Term } from "../verify/proof/proof.ts";
import { objectOf, type ManifestObject, type SourcePosition } from "../verify/sourcePosition.ts";
import { placeAsData } from "./proofData.ts";
import { groupedQuestions, type Question } from "./questions.ts";

/** The input of a proof, for its report. */
interface Read {
  readonly objects: readonly ManifestObject[];
  /** The names of the PgBouncers that were found. */
  readonly poolers: readonly string[];
  /** Poolers that weir can't read: `Deployment shop/pgcat runs PgCat`. */
  readonly unreadPoolers: readonly string[];
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
    assumingLines(proof, page),
    ...[...owned, ...others].map(({ title, sums }) => block(title, sums, page)),
    ...proof.findings.map((finding) => findingLines(finding, page)),
    ...groupedQuestions(proof.missing).map((one) => missingLines(one, page)),
    ...proof.notes.map((note) => marked(page.paint.warn("!"), note, page)),
  ]);
}

function verdictLines(
  { verdict, findings, missing, sums, nothing }: Proof,
  { objects, poolers, unreadPoolers }: Read,
  page: Page,
): readonly string[] {
  const cannotTell = (): string => {
    if (poolers.length === 0 && unreadPoolers.length > 0) {
      return `Cannot tell: ${listed(unreadPoolers)}, a pooler that weir can't read yet`;
    }
    if (poolers.length === 0 && sums.length === 0) {
      return `Cannot tell: no PgBouncer found in ${counted(objects.length, "object")}`;
    }
    return nothing === undefined
      ? `Cannot tell: ${groupedQuestions(missing).length} missing`
      : `Nothing to prove: ${nothing} in ${counted(objects.length, "object")}`;
  };
  const what = {
    fits: `Proved: ${counted(sums.length, "sum")} ${sums.length === 1 ? "holds" : "hold"}`,
    broken: `Broken: ${counted(findings.length, "finding")}`,
    unknown: cannotTell(),
  }[verdict];
  const files = new Set(objects.map(({ file }) => file));
  const counts = [
    counted(objects.length, "object"),
    counted(files.size, "file"),
    counted(poolers.length, "PgBouncer"),
    counted(sums.length, "sum"),
  ];
  return [
    ...marked(markOf(verdict, page), what, page, page.paint.bold),
    ...hangingIndent("  ", counts.join(", "), page),
    ...sums.flatMap((sum) =>
      sum.left === undefined
        ? []
        : marked(
            page.paint.warn("!"),
            `${sum.of} fits, ${leftText(sum)} (--reserve demands them)`,
            page,
          ),
    ),
  ];
}

/** ✓ fits, ✗ broken, ? unknown. */
function markOf(verdict: Sum["verdict"], page: Page): string {
  return styleOf(verdict, page)({ fits: "✓", broken: "✗", unknown: "?" }[verdict]);
}

function styleOf(verdict: Sum["verdict"], { paint }: Page): Style {
  return { fits: paint.good, broken: paint.bad, unknown: paint.warn }[verdict];
}

function worstOf(sums: readonly Sum[]): Sum["verdict"] {
  const isSome = (verdict: Sum["verdict"]) => sums.some((sum) => sum.verdict === verdict);
  return isSome("broken") ? "broken" : isSome("unknown") ? "unknown" : "fits";
}

function block(title: string, sums: readonly Sum[], page: Page): readonly string[] {
  const { bulkheads = [], others = [] } = Object.groupBy(sums, ({ kind }) =>
    kind === "bulkhead" ? "bulkheads" : "others",
  );
  return [
    ...marked(markOf(worstOf(sums), page), title, page, page.paint.bold),
    ...others.flatMap((sum) => sumLines(sum, title, page)),
    ...bulkheadLines(bulkheads, page),
  ];
}

function findingLines(finding: Finding, page: Page): readonly string[] {
  const { bad, dim } = page.paint;
  const { rule, message, place, related } = finding;
  const more = related.length - RELATED_MAX;
  return [
    ...marked(bad("✗"), message, page, bad),
    ...hangingIndent("  ", `look first at ${located(place)}`, page),
    ...[
      ...related.slice(0, RELATED_MAX).map((other) => `with ${located(other)}`),
      ...(more > 0 ? [`and ${counted(more, "field")} more: --output json`] : []),
    ].flatMap((text) => hangingIndent("    ", text, page, dim)),
    ...hangingIndent("  ", rule, page, dim),
  ];
}

function missingLines(question: Question, page: Page): readonly string[] {
  const { warn } = page.paint;
  const { what, places, remedy, options } = question;
  const more = places.slice(1).map(objectOf);
  return [
    ...marked(warn("?"), `Missing: ${what}`, page, warn),
    ...places.slice(0, 1).flatMap((place) => hangingIndent("  ", located(place), page)),
    ...(more.length === 0
      ? []
      : hangingIndent("  ", `and the same of ${more.length} more: ${allOf(more)}`, page)),
    ...hangingIndent("  ", `To supply it: ${remedy}${options.length > 0 ? ", or give" : ""}`, page),
    // Not wrapped: a person copies them.
    ...shownOptions(options).map((option) => `    ${option}`),
  ];
}

/** What the verdict rests on besides the objects, and how to confirm it. */
function assumingLines({ assumptions }: Proof, page: Page): readonly string[] {
  if (assumptions.length === 0) return [];
  return [
    ...marked("~", "Assuming (--strict asks instead)", page, page.paint.bold),
    ...groupedQuestions(assumptions).flatMap(({ what, places, remedy, options, assumed = 0 }) => [
      ...hangingIndent("  ", `${assumed}: ${what}`, page),
      ...hangingIndent("    ", allOf([...new Set(places.map(objectOf))]), page),
      ...(options.length === 0
        ? hangingIndent("    ", `To confirm it: ${remedy}`, page)
        : shownOptions(options).map((option) => `    To confirm it: ${option}`)),
    ]),
  ];
}

/** The most options that answer one question in the report; JSON has one for each object. */
const OPTIONS_MAX = 5;

function shownOptions(options: readonly string[]): readonly string[] {
  const more = options.length - OPTIONS_MAX;
  if (more <= 0) return options;
  return [...options.slice(0, OPTIONS_MAX), `and ${more} options more: --output json has them`];
}

/** All names, unless they are hundreds. */
function allOf(names: readonly string[]): string {
  return names.length > LINES_MAX ? listed(names) : names.join(", ");
}

/** `a.yaml:12:9: Deployment writing/author: spec.replicas`; the option where one says it. */
function located(place: SourcePosition): string {
  if (place.option !== undefined) return `--annotate '${objectOf(place)}:${place.option}'`;
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
function sumLines(sum: Sum, title: string, page: Page): readonly string[] {
  const { kind, of, terms, total, verdict } = sum;
  const rest = title.endsWith(of) ? "" : `: ${of.slice(of.indexOf(", ") + 2)}`;
  const heading = kind === "clients" ? "Clients on each process" : "Backend connections";
  const own = `${title.replace(/^PgBouncer /, "")}, `;
  const rows = folded(
    terms.map((term) => ({
      ...term,
      name: term.name.startsWith(own) ? term.name.slice(own.length) : term.name,
    })),
  );
  const width = Math.max(numeral(total).length, ...rows.map(({ amount }) => amount.length));
  const row = (amount: string, text: string, style?: Style) =>
    hangingIndent(`    ${amount.padStart(width)}  `, text, page, style);
  return [
    ...hangingIndent("  ", `${heading}${rest}`, page, page.paint.bold),
    ...rows.flatMap(({ amount, text }) => row(amount, text)),
    ...row(numeral(total), ending(sum), styleOf(verdict, page)),
  ];
}

function ending(sum: Sum): string {
  const { verdict, limit, limitWhy, left, overIfAssumed } = sum;
  const which = limitWhy.startsWith(String(limit)) ? "" : `${limit}: `;
  if (overIfAssumed === true) return `> ${which}${limitWhy}, if what is assumed holds`;
  if (verdict === "unknown") {
    return limit === undefined ? `at least; ${limitWhy}` : `at least, of ${limit}: ${limitWhy}`;
  }
  const relation = verdict === "fits" ? "≤" : ">";
  return `${relation} ${which}${limitWhy}${left === undefined ? "" : `, ${leftText(sum)}`}`;
}

/** `with 9 left of the 10 that weir would keep` */
function leftText({ left, reserve }: Sum): string {
  return `with ${left} left of the ${reserve} that weir would keep`;
}

/** The bulkheads of a PgBouncer: equal ones together. */
function bulkheadLines(sums: readonly Sum[], page: Page): readonly string[] {
  if (sums.length === 0) return [];
  const title = "Pools on each line, at most its max_db_client_connections";
  const equal = Map.groupBy(sums, ({ terms, total, limit = "?", verdict }) => {
    const relation = { fits: "≤", broken: ">", unknown: "at least, of" }[verdict];
    return `${total} ${relation} ${limit}: ${terms.map(({ why }) => why).join(" + ")}`;
  });
  return [
    ...hangingIndent("  ", title, page, page.paint.bold),
    ...[...equal].flatMap(([text, own]) => {
      const verdict = worstOf(own);
      const style = verdict === "fits" ? undefined : styleOf(verdict, page);
      const count = own.length === 1 ? "" : `${own.length} lines, each `;
      const names = own.map(({ of }) => of.slice(of.lastIndexOf(", line ") + ", line ".length));
      return [
        ...hangingIndent("    ", `${count}${text}`, page, style),
        ...hangingIndent("      ", allOf(names), page, style),
      ];
    }),
  ];
}

/** Terms with what they are made of; equal ones, where there are many terms, as one. */
function folded(terms: readonly Term[]) {
  const key = ({ name, value, why }: Term): string =>
    JSON.stringify(terms.length > LINES_MAX ? [value, why] : [name, value, why]);
  return [...Map.groupBy(terms, key).values()].flatMap((equal) => {
    const [first] = equal;
    if (first === undefined) return [];
    const { value, why } = first;
    const count = equal.length;
    const names = listed(equal.map(({ name }) => name));
    const text =
      count === 1 ? `${names}: ${why}` : `${count} × ${numeral(value)}: ${names}; each ${why}`;
    return [{ amount: numeral(value * count), text }];
  });
}

function numeral(value: number): string {
  return value === Infinity ? "∞" : String(value);
}
