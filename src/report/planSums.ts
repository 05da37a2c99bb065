import type { BudgetPlan } from "../budget/plan.ts";

/**
 * The client sum as one checks it by hand: `200 = 2 consoles + 4 maintenance + 4 logins + 100
 * granted + 90 headroom`; where it can't hold, `− 210 missing`.
 */
export function clientSum({ clients }: BudgetPlan): string {
  const { reserve } = clients;
  return (
    `${clients.capacity} = ${reserve.consoles} consoles + ${reserve.maintenance} maintenance + ` +
    `${reserve.logins} logins + ${rest(clients)}`
  );
}

/** The slot sum, and where what it divides comes from. */
export function slotSum({ slots }: BudgetPlan): readonly string[] {
  return [
    `${slots.perProcess} = ${slots.maintenance} maintenance + ${rest(slots)}`,
    slots.processes === 1
      ? `${slots.perProcess} = all of Postgres' ${slots.postgres}: there is 1 process`
      : `${slots.perProcess} = ⌊${slots.postgres} / ${slots.processes}⌋: Postgres' ${slots.postgres}, ` +
        `divided among ${slots.processes} processes`,
  ];
}

function rest(sum: {
  readonly granted: number;
  readonly headroom: number;
  readonly missing: number;
}): string {
  return sum.missing > 0
    ? `${sum.granted} needed − ${sum.missing} missing`
    : `${sum.granted} granted + ${sum.headroom} headroom`;
}
