import type { BudgetPlan, Plan, PostgresPlan, ServerPlan } from "../budget/plan.ts";
import {
  missingSentences,
  NO_SUGGESTION,
  postgresSentence,
  postgresSum,
} from "../budget/refusal.ts";
import { bar, type BarSegment } from "../text/bar.ts";
import { pageFor, type Page, type Paint, type Screen, type Style } from "../text/paint.ts";
import { table } from "../text/table.ts";
import { counted } from "../text/wording.ts";
import { blocksText, hangingIndent, marked, numbered } from "../text/wrap.ts";

/**
 * The plan for people: for each budget the verdict, both sums as one checks them by hand, how C
 * divides, and a row for each server; where something can't fit, what is missing and what alone
 * would suffice. Ends with a newline.
 *
 * @param dataCommand prints the same plan as data, with each field that a suggestion changes
 */
export function planReport(plan: Plan, dataCommand: string, screen: Screen): string {
  const page = pageFor(screen);
  return blocksText([
    ...plan.budgets.map((budget) => budgetBlock(budget, plan, dataCommand, page)),
    ...plan.postgres.map((postgres) => postgresBlock(postgres, page)),
    plan.warnings.flatMap((text) => marked(page.paint.warn("!"), text, page)),
  ]);
}

function budgetBlock(
  budget: BudgetPlan,
  plan: Plan,
  dataCommand: string,
  page: Page,
): readonly string[] {
  const { clients, slots, servers } = budget;
  const { paint } = page;
  return [
    ...verdict(budget, plan, page),
    "",
    `${paint.bold("Clients")} on each PgBouncer process`,
    bar(segmentsOf(budget, paint), page),
    `  ${barLegend(budget, paint)}`,
    ...hangingIndent("  ", clientSum(budget), page, inRed(clients, paint)),
    "",
    `${paint.bold("Slots")} on each PgBouncer process`,
    ...slotSum(budget).flatMap((line) => hangingIndent("  ", line, page, inRed(slots, paint))),
    ...(servers.length === 0 ? [] : ["", ...serverTable(servers, page)]),
    ...suggestionLines(budget, dataCommand, page),
  ];
}

function verdict(budget: BudgetPlan, plan: Plan, page: Page): readonly string[] {
  const { clients, slots, servers } = budget;
  const { paint } = page;
  const name = `${budget.namespace}/${budget.name}`;
  if (budget.feasible) {
    const text =
      `${counted(servers.length, "server")}, ` +
      `${clients.granted} of ${clients.usable} client connections and ` +
      `${slots.granted} of ${slots.perProcess - slots.maintenance} slots granted`;
    return [
      `${paint.good("✓")} ${paint.bold(`Budget ${name} fits`)}`,
      ...hangingIndent("  ", text, page),
    ];
  }
  const shared = plan.postgres.find(
    ({ missing, shares }) =>
      missing > 0 &&
      shares.some((share) => share.budget === budget.name && share.namespace === budget.namespace),
  );
  return [
    `${paint.bad("✗")} ${paint.bold(`Budget ${name} cannot fit`)}`,
    ...[
      ...missingSentences(budget),
      ...(shared === undefined ? [] : [postgresSentence(shared)]),
    ].flatMap((text) => hangingIndent("  ", text, page, paint.bad)),
  ];
}

function inRed({ missing }: { readonly missing: number }, paint: Paint): Style {
  return missing > 0 ? paint.bad : (line) => line;
}

function suggestionLines(
  { feasible, suggestions }: BudgetPlan,
  dataCommand: string,
  page: Page,
): readonly string[] {
  if (feasible) return [];
  if (suggestions.length === 0) return ["", ...hangingIndent("", NO_SUGGESTION, page)];
  const { bold, dim } = page.paint;
  const heading = "Each of these alone would suffice. Consider them in this order:";
  return [
    "",
    ...hangingIndent("", heading, page, bold),
    ...numbered(
      suggestions.map(({ text }) => text),
      page,
    ),
    ...hangingIndent("  ", "Each field to change:", page, dim),
    // In one line, however long it is, so that it can be copied.
    `    ${dataCommand}`,
  ];
}

function postgresBlock(postgres: PostgresPlan, page: Page): readonly string[] {
  const { paint } = page;
  const mark = postgres.missing > 0 ? paint.bad("✗") : paint.good("✓");
  return [
    ...marked(mark, postgresSentence(postgres), page, paint.bold),
    ...hangingIndent("  ", postgresSum(postgres), page, inRed(postgres, paint)),
  ];
}

/** A row for each server: its numbers, and why they are what they are. */
function serverTable(servers: readonly ServerPlan[], page: Page): readonly string[] {
  return table(
    { name: "server", numbers: ["pods", "limit", "floor", "grant", "slots"], text: "why" },
    servers.map(({ name, peakPods, limit, floor, grant, slots, reason }) => ({
      name,
      numbers: [peakPods, limit, floor, grant, slots],
      text: reason,
    })),
    page,
    { indent: "", textColumnsMin: 34, textColumnsMax: 90, textStyle: page.paint.dim },
  );
}

/**
 * The client sum as one checks it by hand: `200 = 2 consoles + 4 maintenance + 4 logins + 100
 * granted + 90 headroom`; where it can't hold, `− 210 missing`.
 */
function clientSum({ clients }: BudgetPlan): string {
  const { reserve } = clients;
  return (
    `${clients.capacity} = ${reserve.consoles} consoles + ${reserve.maintenance} maintenance + ` +
    `${reserve.logins} logins + ${rest(clients)}`
  );
}

/** The slot sum, and where what it divides comes from. */
function slotSum({ slots }: BudgetPlan): readonly string[] {
  return [
    `${slots.perProcess} = ${slots.maintenance} maintenance + ${rest(slots)}`,
    slots.processes === 1
      ? `${slots.perProcess} = all of Postgres' ${slots.postgres}: there is 1 process`
      : `${slots.perProcess} = ⌊${slots.postgres} / ${slots.processes}⌋: Postgres' ${slots.postgres}, ` +
        `divided among ${slots.processes} processes`,
  ];
}

function rest({ granted, headroom, missing }: BudgetPlan["clients" | "slots"]): string {
  return missing > 0
    ? `${granted} needed − ${missing} missing`
    : `${granted} granted + ${headroom} headroom`;
}

const RESERVE = "▒";
const SERVER = "█";
const OTHER_SERVER = "▓";
const HEADROOM = "░";
const MISSING = "×";

/**
 * How C divides: the reserve, each server in turn, what no server was given. Where more is needed than
 * there is, the bar is what is needed and its end what is missing.
 */
function segmentsOf({ clients, servers }: BudgetPlan, paint: Paint): readonly BarSegment[] {
  const { consoles, maintenance, logins } = clients.reserve;
  let available = clients.usable;
  const granted = servers.flatMap(({ grant }, index): BarSegment[] => {
    const held = Math.max(0, Math.min(grant, available));
    available -= held;
    return [
      index % 2 === 0
        ? { size: held, mark: SERVER, style: paint.server }
        : { size: held, mark: OTHER_SERVER, style: paint.otherServer },
      { size: grant - held, mark: MISSING, style: paint.bad },
    ];
  });
  return [
    { size: consoles + maintenance + logins, mark: RESERVE, style: paint.warn },
    ...granted,
    { size: clients.headroom, mark: HEADROOM, style: paint.dim },
  ];
}

/** What the marks of the bar mean; only those that it shows. */
function barLegend({ clients }: BudgetPlan, paint: Paint): string {
  return [
    `${paint.warn(RESERVE)} reserve`,
    `${paint.server(SERVER)}${paint.otherServer(OTHER_SERVER)} servers`,
    ...(clients.headroom > 0 ? [`${paint.dim(HEADROOM)} headroom`] : []),
    ...(clients.missing > 0 ? [`${paint.bad(MISSING)} missing`] : []),
  ].join("  ");
}
