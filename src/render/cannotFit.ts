import type { BudgetPlan, Plan, PostgresPlan } from "../budget/plan.ts";
import { missingSentences, postgresSentence, postgresSum } from "../budget/refusal.ts";

/**
 * Why a plan is not feasible, for people: for each budget and Postgres that can't fit, what is
 * missing in which sum, what each server needs, and what alone would suffice. Several lines.
 */
export function cannotFit(plan: Plan): string {
  return [
    ...plan.budgets.filter((budget) => !budget.feasible).map(ofBudget),
    ...plan.postgres.filter(({ missing }) => missing > 0).map(ofPostgres),
  ].join("\n");
}

function ofBudget(budget: BudgetPlan): string {
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
      : []),
  ].join("\n");
}

function ofPostgres(postgres: PostgresPlan): string {
  return [postgresSentence(postgres), `    ${postgresSum(postgres)}`].join("\n");
}
