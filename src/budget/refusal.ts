import { formatPostgresAddress } from "../api/postgresAddress.ts";
import type { BudgetPlan, PostgresPlan } from "./plan.ts";
import { counted } from "../text/wording.ts";

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
