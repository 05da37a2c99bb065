import type { BudgetPlan, PostgresPlan } from "../budget/plan.ts";
import { formatPostgresAddress } from "../api/postgresAddress.ts";
import { counted } from "../budget/wording.ts";

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

/** What is missing in which sum, a sentence for each; none when both hold. */
export function missingSentences({ clients, slots, servers }: BudgetPlan): readonly string[] {
  const room = slots.perProcess - slots.maintenance;
  return [
    ...(clients.missing > 0
      ? [
          `Clients: ${counted(servers.length, "server")} need ${clients.granted} connections, ` +
            `${clients.usable} are there: ${clients.missing} missing.`,
        ]
      : []),
    ...(slots.missing > 0
      ? [
          `Slots: ${counted(servers.length, "line")} need one each, ` +
            `${slots.perProcess} − ${slots.maintenance} for maintenance = ${room} are there: ` +
            `${slots.missing} missing.`,
        ]
      : []),
  ];
}

/** What one Postgres admits, as a sum of the shares of its budgets. */
export function postgresSum({ available, shares, missing }: PostgresPlan): string {
  const given = shares.map(({ namespace, budget, share }) => `${share} ${namespace}/${budget}`);
  const free = available - shares.reduce((sum, { share }) => sum + share, 0);
  const end = missing > 0 ? ` − ${missing} missing` : ` + ${free} for nobody`;
  return `${available} = ${given.join(" + ")}${end}`;
}

/** What a Postgres lacks, if it does. */
export function postgresSentence(postgres: PostgresPlan): string {
  const address = formatPostgresAddress(postgres);
  return postgres.missing > 0
    ? `Postgres ${address} cannot carry the shares of its budgets.`
    : `Postgres ${address} carries the shares of its budgets.`;
}
