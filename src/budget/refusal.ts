import { formatPostgresAddress } from "../api/postgresAddress.ts";
import type { BudgetPlan, Plan, PostgresPlan } from "./plan.ts";
import { counted } from "../text/wording.ts";

/**
 * Why a plan is not feasible, for people: for each budget and Postgres that can't fit, what is
 * missing in which sum, what each server needs, and what alone would suffice. Several lines.
 */
export function cannotFit(plan: Plan): string {
  return [
    ...plan.budgets.filter((budget) => !budget.feasible).map(budgetRefusal),
    ...plan.postgres
      .filter(({ missing }) => missing > 0)
      .map((postgres) => `${postgresSentence(postgres)}\n    ${postgresSum(postgres)}`),
  ].join("\n");
}

function budgetRefusal(budget: BudgetPlan): string {
  const { clients, servers, suggestions } = budget;
  const floors = servers.map(
    ({ name, floor, guaranteed, peakPods, processesPerPod }) =>
      `    ${name}: ${floor} = ${guaranteed} guaranteed × ${peakPods} pods at peak` +
      (processesPerPod === 1 ? "" : ` × ${processesPerPod} processes`),
  );
  return [
    `ConnectionBudget ${budget.namespace}/${budget.name} cannot fit.`,
    ...missingSentences(budget).map((sentence) => `  ${sentence}`),
    ...(clients.missing > 0 ? floors : []),
    ...(suggestions.length > 0
      ? ["  Any one of these suffices:", ...suggestions.map(({ text }) => `    ${text}`)]
      : [`  ${NO_SUGGESTION}`]),
  ].join("\n");
}

/** Where a budget can't fit, and has no suggestion. */
export const NO_SUGGESTION = "weir knows no single change that makes this fit.";

/** The shortage of each broken sum, in a sentence; none if both hold. */
export function missingSentences({ clients, slots, servers }: BudgetPlan): readonly string[] {
  const need = servers.length === 1 ? "needs" : "need";
  return [
    ...(clients.missing > 0
      ? [
          `Clients: ${counted(servers.length, "server")} ${need} ` +
            `${counted(clients.granted, "connection")}, ${thereAre(clients.usable)}: ` +
            `${clients.missing} missing.`,
        ]
      : []),
    ...(slots.missing > 0
      ? [
          `Slots: ${counted(servers.length, "line")} ${need} ` +
            `${counted(servers.length, "slot")} and maintenance ${slots.maintenance}, ` +
            `${thereAre(slots.perProcess)}: ${slots.missing} missing.`,
        ]
      : []),
  ];
}

function thereAre(count: number): string {
  return `${count} ${count === 1 ? "is" : "are"} there`;
}

/** What one Postgres admits, as a sum of the shares of its budgets. */
export function postgresSum({ available, shares, missing }: PostgresPlan): string {
  const given = shares.map(({ namespace, budget, share }) => `${share} ${namespace}/${budget}`);
  const free = available - shares.reduce((sum, { share }) => sum + share, 0);
  const end = missing > 0 ? ` − ${missing} missing` : ` + ${free} for nobody`;
  return `${available} = ${given.join(" + ")}${end}`;
}

/** The shortage of a Postgres, if there is one. */
export function postgresSentence(postgres: PostgresPlan): string {
  const address = formatPostgresAddress(postgres);
  return postgres.missing > 0
    ? `Postgres ${address} cannot carry the shares of its budgets.`
    : `Postgres ${address} carries the shares of its budgets.`;
}
