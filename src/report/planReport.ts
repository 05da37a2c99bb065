import type { BudgetPlan, Plan, PostgresPlan } from "../budget/plan.ts";
import { missingSentences, postgresSentence, postgresSum } from "../budget/refusal.ts";
import { counted } from "../text/wording.ts";
import { barLegend, capacityBar } from "./bar.ts";
import { paintFor, type Brush, type Paint } from "../text/paint.ts";
import { serverRows } from "./planServers.ts";
import { clientSum, slotSum } from "./planSums.ts";
import { hangingIndent } from "../text/wrap.ts";

/** Where a table is shown. */
export interface Screen {
  readonly colour: boolean;
  readonly columns: number;
}

/** Below this nothing can be aligned. */
const COLUMNS_MIN = 40;
const BAR_COLUMNS_MAX = 80;

/**
 * The plan for people: for each budget the verdict, both sums as one checks them by hand, how C
 * divides, and a row for each server; where something can't fit, what is missing and what alone
 * would suffice. Ends with a newline.
 */
export function planReport(plan: Plan, screen: Screen): string {
  const paint = paintFor(screen.colour);
  const columns = Math.max(COLUMNS_MIN, screen.columns);
  const blocks = [
    ...plan.budgets.map((budget) => budgetBlock(budget, plan, columns, paint)),
    ...plan.postgres.map((postgres) => postgresBlock(postgres, columns, paint)),
    ...(plan.warnings.length === 0 ? [] : [warningBlock(plan.warnings, columns, paint)]),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function budgetBlock(
  budget: BudgetPlan,
  plan: Plan,
  columns: number,
  paint: Paint,
): readonly string[] {
  const { clients, slots, servers } = budget;
  return [
    ...verdict(budget, plan, columns, paint),
    "",
    `${paint.bold("Clients")} on each PgBouncer process`,
    `  ${capacityBar(budget, Math.min(BAR_COLUMNS_MAX, columns - 4), paint)}`,
    `  ${barLegend(budget, paint)}`,
    ...hangingIndent("  ", clientSum(budget), columns).map(inRed(clients.missing, paint)),
    "",
    `${paint.bold("Slots")} on each PgBouncer process`,
    ...slotSum(budget)
      .flatMap((line) => hangingIndent("  ", line, columns))
      .map(inRed(slots.missing, paint)),
    ...(servers.length === 0 ? [] : ["", ...serverRows(servers, columns, paint)]),
    ...suggestionLines(budget, columns, paint),
  ];
}

function verdict(budget: BudgetPlan, plan: Plan, columns: number, paint: Paint): readonly string[] {
  const { clients, slots, servers } = budget;
  const name = `${budget.namespace}/${budget.name}`;
  if (budget.feasible) {
    const text =
      `${counted(servers.length, "server")}, ` +
      `${clients.granted} of ${clients.usable} client connections and ` +
      `${slots.granted} of ${slots.perProcess - slots.maintenance} slots granted`;
    return [
      `${paint.good("✓")} ${paint.bold(`Budget ${name} fits`)}`,
      ...hangingIndent("  ", text, columns),
    ];
  }
  const missing = missingSentences(budget);
  const shared = plan.postgres.find(
    ({ missing: lacking, shares }) =>
      lacking > 0 &&
      shares.some((share) => share.budget === budget.name && share.namespace === budget.namespace),
  );
  return [
    `${paint.bad("✗")} ${paint.bold(`Budget ${name} cannot fit`)}`,
    ...[...missing, ...(shared === undefined ? [] : [postgresSentence(shared)])].flatMap((text) =>
      hangingIndent("  ", text, columns).map(paint.bad),
    ),
  ];
}

function inRed(missing: number, paint: Paint): (line: string) => string {
  return missing > 0 ? paint.bad : (line) => line;
}

function suggestionLines({ suggestions }: BudgetPlan, columns: number, paint: Paint) {
  if (suggestions.length === 0) return [];
  return [
    "",
    ...hangingIndent(
      "",
      "Each of these alone would suffice. Consider them in this order:",
      columns,
    ).map(paint.bold),
    ...suggestions.flatMap(({ text }, index) => hangingIndent(`  ${index + 1}. `, text, columns)),
    ...hangingIndent("  ", "--output json has every field to change.", columns).map(paint.dim),
  ];
}

function postgresBlock(postgres: PostgresPlan, columns: number, paint: Paint): readonly string[] {
  const mark = postgres.missing > 0 ? paint.bad("✗") : paint.good("✓");
  return [
    ...marked(mark, hangingIndent("  ", postgresSentence(postgres), columns), paint.bold),
    ...hangingIndent("  ", postgresSum(postgres), columns).map(inRed(postgres.missing, paint)),
  ];
}

function warningBlock(
  warnings: readonly string[],
  columns: number,
  paint: Paint,
): readonly string[] {
  return warnings.flatMap((text) => marked(paint.warn("!"), hangingIndent("  ", text, columns)));
}

/** The lines, indented by two, with a mark of one column before the first. */
function marked(
  mark: string,
  lines: readonly string[],
  brush: Brush = (text) => text,
): readonly string[] {
  return lines.map((line, index) => `${index === 0 ? mark : " "} ${brush(line.slice(2))}`);
}
