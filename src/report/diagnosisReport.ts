import type { Cause, Diagnosis, Symptom } from "../diagnose/diagnosis.ts";
import { counted, listed } from "../text/wording.ts";
import { poolerBlock } from "./diagnosisPgBouncers.ts";
import { postgresBlock } from "./diagnosisPostgres.ts";
import { workloadBlock } from "./diagnosisServers.ts";
import { paintFor, type Paint } from "../text/paint.ts";
import { hangingIndent } from "../text/wrap.ts";
import type { Screen } from "./planReport.ts";

/** Below this nothing can be aligned. */
const COLUMNS_MIN = 40;

/**
 * A diagnosis for people: the verdict first, then what it was read from: who holds how many
 * connections of each PgBouncer, what its lines are set to and how large they are, which servers
 * run, what Postgres allows and has open; last what could not be seen. Ends with a newline.
 */
export function diagnosisTable(diagnosis: Diagnosis, screen: Screen): string {
  const paint = paintFor(screen.colour);
  const columns = Math.max(COLUMNS_MIN, screen.columns);
  const { causes, symptoms, poolers, postgres, workloads, unseen } = diagnosis;
  const blocks = [
    ...(causes.length === 0
      ? [verdict(diagnosis, columns, paint)]
      : causes.map((cause) => causeBlock(cause, columns, paint))),
    ...symptoms.map((symptom) => symptomBlock(symptom, columns, paint)),
    ...poolers.flatMap((pooler) => poolerBlock(pooler, columns, paint)),
    ...(workloads === undefined || workloads.length === 0
      ? []
      : [workloadBlock(workloads, poolers, columns, paint)]),
    ...(postgres === undefined ? [] : [postgresBlock(postgres, columns, paint)]),
    ...(unseen.length === 0 ? [] : [unseenBlock(unseen, columns, paint)]),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function verdict(diagnosis: Diagnosis, columns: number, paint: Paint): readonly string[] {
  const { unseen } = diagnosis;
  const untold = untoldOf(diagnosis);
  const text =
    untold ??
    (unseen.length === 0
      ? "Nothing is wrong"
      : `Nothing is wrong as far as could be seen: ${counted(unseen.length, "thing")} could not, see below`);
  const mark = untold === undefined ? paint.good("✓") : paint.warn("?");
  return hangingIndent("  ", text, columns).map((line, index) =>
    index === 0 ? `${mark} ${paint.bold(line.slice(2))}` : paint.bold(line),
  );
}

/** Why nobody can say that nothing is wrong, where no cause is named; undefined when one can. */
export function untoldOf({ symptoms, unseen }: Diagnosis): string | undefined {
  if (symptoms.length > 0) return "No cause is proved, but it can't be said that all is well";
  const failed = unseen.filter((each) => each.failed).map(({ what }) => what);
  if (failed.length === 0) return undefined;
  return `It can't be told whether something is wrong: ${listed(failed)} could not be asked`;
}

/** Somebody suffers, and what is done to find out why. */
function symptomBlock(symptom: Symptom, columns: number, paint: Paint): readonly string[] {
  const [first = "", ...rest] = hangingIndent("  ", `Not well: ${symptom.summary}`, columns);
  return [
    `${paint.warn("!")} ${paint.bold(first.slice(2))}`,
    ...rest.map(paint.bold),
    ...nextLines(symptom.next, columns),
  ];
}

function nextLines(next: readonly string[], columns: number): readonly string[] {
  return [
    ...(next.length === 0 ? [] : ["  What to do:"]),
    ...next.flatMap((text, index) => hangingIndent(`  ${index + 1}. `, text, columns)),
  ];
}

function causeBlock(cause: Cause, columns: number, paint: Paint): readonly string[] {
  const [first = "", ...rest] = hangingIndent("  ", `${cause.kind}: ${cause.summary}`, columns);
  return [
    `${paint.bad("✗")} ${paint.bold(first.slice(2))}`,
    ...rest.map(paint.bold),
    ...cause.evidence.flatMap((text) => hangingIndent("  - ", text, columns)),
    ...nextLines(cause.next, columns),
  ];
}

/** What could not be asked, and how it could. */
export function unseenBlock(
  unseen: Diagnosis["unseen"],
  columns: number,
  paint: Paint,
): readonly string[] {
  return [
    paint.bold("Not seen"),
    ...unseen.flatMap(({ what, why, next }) => [
      ...hangingIndent("  ", `${what}: ${why}`, columns).map((line, index) =>
        index === 0 ? `${paint.warn("?")} ${line.slice(2)}` : line,
      ),
      ...hangingIndent("    ", next, columns).map(paint.dim),
    ]),
  ];
}
