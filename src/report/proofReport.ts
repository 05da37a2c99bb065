import type { AuditObject } from "../verify/sourcePosition.ts";
import type { Finding, Proof, Sum } from "../verify/proof/proof.ts";
import type { MissingQuantity } from "../verify/system.ts";
import { counted } from "../text/wording.ts";
import { paintFor, type Paint } from "../text/paint.ts";
import { sumLines, bulkheadLines } from "./proofSums.ts";
import { hangingIndent } from "../text/wrap.ts";
import type { Screen } from "./planReport.ts";
import { placeAsData } from "./proofData.ts";
import type { SourcePosition } from "../verify/sourcePosition.ts";

/** What was read, beside what was proved of it. */
export interface Read {
  readonly objects: readonly AuditObject[];
  /** The names of the PgBouncers that were found. */
  readonly poolers: readonly string[];
}

/** Below this nothing can be aligned. */
const COLUMNS_MIN = 40;
/** The most fields that a finding lists; JSON and SARIF have all. */
const RELATED_MAX = 5;

/**
 * The proof for people: the verdict; for each PgBouncer, and each Postgres, its sums as one adds
 * them up by hand; then what is wrong, and what is missing and how to tell it. Ends with a newline.
 */
export function explainProof(proof: Proof, read: Read, screen: Screen): string {
  const paint = paintFor(screen.colour);
  const columns = Math.max(COLUMNS_MIN, screen.columns);
  const owned = read.poolers.map((name) => ({
    title: `PgBouncer ${name}`,
    sums: proof.sums.filter(({ of }) => of === name || of.startsWith(`${name}, `)),
  }));
  const theirs = new Set(owned.flatMap(({ sums }) => sums));
  const others = proof.sums
    .filter((sum) => !theirs.has(sum))
    .map((sum) => ({ title: sum.of, sums: [sum] }));
  const blocks = [
    verdictLines(proof, read, columns, paint),
    ...[...owned, ...others].map(({ title, sums }) => block(title, sums, columns, paint)),
    ...proof.findings.map((finding) => findingLines(finding, columns, paint)),
    ...proof.missing.map((missing) => missingLines(missing, columns, paint)),
    ...proof.notes.map((note) => marked(paint.warn("!"), hangingIndent("  ", note, columns))),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function verdictLines(
  { verdict, findings, missing, sums }: Proof,
  { objects, poolers }: Read,
  columns: number,
  paint: Paint,
): readonly string[] {
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
    ...marked(markOf(verdict, paint), hangingIndent("  ", what, columns), paint.bold),
    ...hangingIndent("  ", counts.join(", "), columns),
  ];
}

/** ✓ fits, ✗ broken, ? unknown. */
export function markOf(verdict: Sum["verdict"], paint: Paint): string {
  return { fits: paint.good("✓"), broken: paint.bad("✗"), unknown: paint.warn("?") }[verdict];
}

function block(
  title: string,
  sums: readonly Sum[],
  columns: number,
  paint: Paint,
): readonly string[] {
  const bulkheads = sums.filter(({ kind }) => kind === "bulkhead");
  const verdict = (["broken", "unknown"] as const).find((each) =>
    sums.some((sum) => sum.verdict === each),
  );
  return [
    ...marked(markOf(verdict ?? "fits", paint), hangingIndent("  ", title, columns), paint.bold),
    ...sums
      .filter(({ kind }) => kind !== "bulkhead")
      .flatMap((sum) => sumLines(sum, title, columns, paint)),
    ...bulkheadLines(bulkheads, columns, paint),
  ];
}

function findingLines(finding: Finding, columns: number, paint: Paint): readonly string[] {
  const { rule, message, place, related } = finding;
  const more = related.length - RELATED_MAX;
  return [
    ...marked(paint.bad("✗"), hangingIndent("  ", message, columns), paint.bad),
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

function missingLines({ what, place, tell }: MissingQuantity, columns: number, paint: Paint) {
  return [
    ...marked(paint.warn("?"), hangingIndent("  ", `Missing: ${what}`, columns), paint.warn),
    ...hangingIndent("  ", located(place), columns),
    ...hangingIndent("  ", `To tell it: ${tell}`, columns),
  ];
}

/** `a.yaml:12:9: Deployment writing/author: spec.replicas`. */
function located(place: SourcePosition): string {
  const { file, line, column, object, field } = placeAsData(place);
  const where = `${file}:${line}:${column}: ${object}`;
  return field === "" ? where : `${where}: ${field}`;
}

/** The lines, indented by two, with a mark of one column before the first. */
function marked(
  mark: string,
  lines: readonly string[],
  brush: (text: string) => string = (text) => text,
): readonly string[] {
  return lines.map((line, index) => `${index === 0 ? mark : " "} ${brush(line.slice(2))}`);
}
