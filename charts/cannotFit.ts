import type { BudgetPlan, Plan, PostgresPlan } from "../src/budget/plan.ts";

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
  const { clients, slots, servers, suggestions } = budget;
  const lines = [`ConnectionBudget ${budget.namespace}/${budget.name} cannot fit.`];
  if (clients.missing > 0) {
    lines.push(
      `  Clients: ${clients.granted} needed, ${clients.usable} there: ${clients.missing} missing.`,
      ...servers.map(
        ({ name, floor, guaranteed, peakPods, processesPerPod }) =>
          `    ${name}: ${floor} = ${guaranteed} guaranteed × ${peakPods} pods at peak` +
          (processesPerPod === 1 ? "" : ` × ${processesPerPod} processes`),
      ),
    );
  }
  if (slots.missing > 0) {
    const room = slots.perProcess - slots.maintenance;
    lines.push(
      `  Slots: ${slots.granted} needed, one for each server, ${room} there on each of ` +
        `${slots.processes} PgBouncer processes: ${slots.missing} missing.`,
    );
  }
  if (suggestions.length > 0) {
    lines.push("  Any one of these suffices:", ...suggestions.map(({ text }) => `    ${text}`));
  }
  return lines.join("\n");
}

function ofPostgres({ host, port, available, shares, missing }: PostgresPlan): string {
  return [
    `Postgres ${host}:${port} cannot carry its budgets: it admits ${available}, ${missing} missing.`,
    ...shares.map(({ namespace, budget, share }) => `    ${namespace}/${budget}: ${share}`),
  ].join("\n");
}
