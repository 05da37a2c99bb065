import type { Cause, Diagnosis } from "../audit/diagnosis.ts";
import { counted } from "../budget/wording.ts";
import { poolerBlock } from "./explainDiagnosisPooler.ts";
import { postgresBlock } from "./explainDiagnosisPostgres.ts";
import { workloadBlock } from "./explainDiagnosisServers.ts";
import { paintFor, type Paint } from "./explainPaint.ts";
import { hanging } from "./explainWrap.ts";
import type { Screen } from "./planTable.ts";

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
  const { causes, poolers, postgres, workloads, unseen } = diagnosis;
  const blocks = [
    ...(causes.length === 0
      ? [verdict(diagnosis, columns, paint)]
      : causes.map((cause) => causeBlock(cause, columns, paint))),
    ...poolers.flatMap((pooler) => poolerBlock(pooler, columns, paint)),
    ...(workloads === undefined || workloads.length === 0
      ? []
      : [workloadBlock(workloads, poolers, columns, paint)]),
    ...(postgres === undefined ? [] : [postgresBlock(postgres, columns, paint)]),
    ...(unseen.length === 0 ? [] : [unseenBlock(unseen, columns, paint)]),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function verdict({ unseen }: Diagnosis, columns: number, paint: Paint): readonly string[] {
  const text =
    unseen.length === 0
      ? "Nothing is wrong"
      : `Nothing is wrong as far as could be seen: ${counted(unseen.length, "thing")} could not, see below`;
  return hanging("  ", text, columns).map((line, index) =>
    index === 0 ? `${paint.good("✓")} ${paint.bold(line.slice(2))}` : paint.bold(line),
  );
}

function causeBlock(cause: Cause, columns: number, paint: Paint): readonly string[] {
  const [first = "", ...rest] = hanging("  ", `${cause.kind}: ${cause.summary}`, columns);
  return [
    `${paint.bad("✗")} ${paint.bold(first.slice(2))}`,
    ...rest.map(paint.bold),
    ...cause.evidence.flatMap((text) => hanging("  - ", text, columns)),
    ...(cause.next.length === 0 ? [] : ["  What to do:"]),
    ...cause.next.flatMap((text, index) => hanging(`  ${index + 1}. `, text, columns)),
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
      ...hanging("  ", `${what}: ${why}`, columns).map((line, index) =>
        index === 0 ? `${paint.warn("?")} ${line.slice(2)}` : line,
      ),
      ...hanging("    ", next, columns).map(paint.dim),
    ]),
  ];
}
