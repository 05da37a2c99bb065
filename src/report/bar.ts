import type { BudgetPlan } from "../budget/plan.ts";
import type { Brush, Paint } from "../text/paint.ts";

/** One stretch of the bar: so many connections, drawn so. */
interface Stretch {
  readonly connections: number;
  readonly mark: string;
  readonly brush: Brush;
}

const RESERVE = "▒";
const SERVER = "█";
const OTHER_SERVER = "▓";
const HEADROOM = "░";
const MISSING = "×";

/**
 * How C divides, as a bar of `width` columns: the reserve, each server in turn, what nobody was
 * given. Where more is needed than there is, the bar is what is needed and its end what is missing.
 */
export function capacityBar(budget: BudgetPlan, width: number, paint: Paint): string {
  const stretches = stretchesOf(budget, paint);
  const total = stretches.reduce((sum, { connections }) => sum + connections, 0);
  let connections = 0;
  let drawn = 0;
  const marks = stretches.map((stretch) => {
    connections += stretch.connections;
    const end = Math.round((connections / Math.max(1, total)) * width);
    const columns = end - drawn;
    drawn = end;
    return stretch.brush(stretch.mark.repeat(columns));
  });
  return marks.join("");
}

/** What the marks of the bar mean; only those that it shows. */
export function barLegend({ clients }: BudgetPlan, paint: Paint): string {
  return [
    `${paint.warn(RESERVE)} reserve`,
    `${paint.server(SERVER)}${paint.otherServer(OTHER_SERVER)} servers`,
    clients.headroom > 0 ? `${paint.dim(HEADROOM)} headroom` : "",
    clients.missing > 0 ? `${paint.bad(MISSING)} missing` : "",
  ]
    .filter((part) => part !== "")
    .join("  ");
}

function stretchesOf({ clients, servers }: BudgetPlan, paint: Paint): readonly Stretch[] {
  const { consoles, maintenance, logins } = clients.reserve;
  let there = clients.usable;
  const granted = servers.flatMap(({ grant }, index): Stretch[] => {
    const held = Math.max(0, Math.min(grant, there));
    there -= held;
    return [
      index % 2 === 0
        ? { connections: held, mark: SERVER, brush: paint.server }
        : { connections: held, mark: OTHER_SERVER, brush: paint.otherServer },
      { connections: grant - held, mark: MISSING, brush: paint.bad },
    ];
  });
  return [
    { connections: consoles + maintenance + logins, mark: RESERVE, brush: paint.warn },
    ...granted,
    { connections: clients.headroom, mark: HEADROOM, brush: paint.dim },
  ];
}
