import { Field } from "../verify/read/objects/field.ts";
import { fieldOf, objectOf, type SourcePosition } from "../verify/sourcePosition.ts";
import type { MissingQuantity } from "../verify/quantity.ts";
import type { Proof } from "../verify/proof/proof.ts";
import { optionOf } from "./questions.ts";

/** A place as text and numbers, lines and columns counted from 1. */
export function placeAsData(place: SourcePosition) {
  const { file, positionOf } = place.object;
  const { line, column } = positionOf(place.path, iniLine(place));
  return { file, line, column, object: objectOf(place), field: fieldOf(place) };
}

/** The proof for machines: its places as files, lines, objects and fields. No end is null. */
export function proofAsData(proof: Proof): unknown {
  return {
    verdict: proof.verdict,
    sums: proof.sums.map((sum) => ({
      ...sum,
      terms: sum.terms.map((term) => ({ ...term, places: term.places.map(placeAsData) })),
    })),
    findings: proof.findings.map((finding) => ({
      ...finding,
      place: placeAsData(finding.place),
      related: finding.related.map(placeAsData),
    })),
    missing: proof.missing.map(questionAsData),
    assumptions: proof.assumptions.map(questionAsData),
    notes: proof.notes,
  };
}

function questionAsData(question: MissingQuantity) {
  const { what, place, remedy, assumed } = question;
  const option = optionOf(question);
  return {
    what,
    place: placeAsData(place),
    remedy,
    ...(option !== undefined && { option }),
    ...(assumed !== undefined && { assumed }),
  };
}

const HEADER = /^\s*\[([^\]]*)\]/;
const ENTRY = /^\s*"?([^"=;#]+?)"?\s*=/;

/**
 * The line (from 0) of an ini in a field that a place names: `max_client_conn`, or `[databases]
 * author pool_size`. The last one where there are several, as in PgBouncer; absent where the field
 * is no text or has no such line.
 */
function iniLine({ object, path, key }: SourcePosition): number | undefined {
  if (key === undefined) return undefined;
  const text = Field.of(object)
    .at(...path)
    .text();
  if (text === undefined) return undefined;
  const [, section = "pgbouncer", entry = key] = /^\[([^\]]*)\] (.*)$/s.exec(key) ?? [];
  // A file that another one includes may begin in the midst of a section.
  let within = section;
  let found: number | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    within = HEADER.exec(line)?.[1] ?? within;
    const name = ENTRY.exec(line)?.[1];
    const isIt = name !== undefined && (entry === name || entry.startsWith(`${name} `));
    if (isIt && within === section) found = index;
  }
  return found;
}
