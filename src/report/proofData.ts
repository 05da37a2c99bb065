import { fieldOf, objectOf, type SourcePosition } from "../verify/sourcePosition.ts";
import type { Proof } from "../verify/proof/proof.ts";
import { iniLine } from "./iniLine.ts";

/** A place as text and numbers. */
export interface PlaceData {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** `Deployment writing/author`. */
  readonly object: string;
  /** `spec.replicas`. */
  readonly field: string;
}

export function placeAsData(place: SourcePosition): PlaceData {
  const { line, column } = place.object.positionOf(place.path, iniLine(place));
  return {
    file: place.object.file,
    line,
    column,
    object: objectOf(place),
    field: fieldOf(place),
  };
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
    missing: proof.missing.map(({ what, place, tell }) => ({
      what,
      place: placeAsData(place),
      tell,
    })),
    notes: proof.notes,
  };
}
