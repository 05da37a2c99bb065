import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { SourcePosition } from "../verify/sourcePosition.ts";
import { RULES, type Proof } from "../verify/proof/proof.ts";
import type { MissingQuantity } from "../verify/quantity.ts";
import { placeAsData } from "./proofData.ts";
import { optionOf } from "./questions.ts";

/**
 * The proof as a log of SARIF 2.1.0 (OASIS), for code scanning: a result for each finding (error)
 * and for each thing that is missing (warning) or assumed (note), at the line to look at first. Paths are relative to
 * the folder that weir was started in, as they were given.
 */
export function sarifLog(proof: Proof): unknown {
  const rules = Object.entries(RULES).map(([id, text]) => ({
    id,
    shortDescription: { text },
    help: { text: "See docs/verify.md of weir." },
  }));
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const resultOf = (
    rule: string,
    level: "error" | "warning" | "note",
    text: string,
    place: SourcePosition,
  ) => ({
    ruleId: rule,
    ruleIndex: indexes.get(rule),
    level,
    message: { text },
    locations: [locationOf(place)],
  });
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "weir", rules } },
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: proof.notes.map((text) => ({
              level: "note",
              message: { text },
            })),
          },
        ],
        results: [
          ...proof.findings.map(({ rule, message, place, related }) => ({
            ...resultOf(rule, "error", message, place),
            relatedLocations: related.map((other, id) => ({ id, ...locationOf(other) })),
          })),
          ...proof.missing.map((question) =>
            resultOf(
              "weir/missing",
              "warning",
              `Missing: ${question.what}. To supply it: ${remedyOf(question)}.`,
              question.place,
            ),
          ),
          ...proof.assumptions.map((question) =>
            resultOf(
              "weir/assumed",
              "note",
              `Assuming ${question.assumed ?? 0}: ${question.what}. To confirm it: ${remedyOf(question)}.`,
              question.place,
            ),
          ),
        ],
      },
    ],
  };
}

/** What to write, and the option that says it, ready to copy. */
function remedyOf(question: MissingQuantity): string {
  const option = optionOf(question);
  return option === undefined ? question.remedy : `${question.remedy}, or give ${option}`;
}

function locationOf(place: SourcePosition): object {
  const { file, line, column, object, field } = placeAsData(place);
  const name = `${object}: ${field}`;
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: { startLine: line, startColumn: column },
    },
    logicalLocations: [{ fullyQualifiedName: name }],
    message: { text: name },
  };
}

/** A relative path stays relative; its letters that a URI can't have are encoded. */
function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file.split("/").map(encodeURIComponent).join("/");
}
