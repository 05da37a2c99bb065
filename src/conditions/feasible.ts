import type { BudgetPlan, PostgresPlan } from "../budget/plan.ts";
import { counted, listed } from "../text/wording.ts";
import { failureFrom, notUnderstood, type CheckResult, type FailureCause } from "./condition.ts";
import type { BudgetInput } from "./input.ts";
import type { ReasonOf } from "./reasons.ts";

/**
 * Feasible: whether the sums of the objects as written hold. It is a matter of the objects alone:
 * what runs is not asked.
 */
export function feasible({
  plan,
  snapshot: { namespaceAlone },
}: Pick<BudgetInput, "plan" | "snapshot">): CheckResult<ReasonOf<"Feasible">> {
  if (!plan.known) return plan.why;
  const { written, postgres, conflicts, unread } = plan;
  const missing = [...floorsMissing(written), ...linesMissing(written), ...sharesMissing(postgres)];
  const [suggestion] = written.suggestions;
  const failure = failureFrom(missing, (texts) =>
    [...texts, ...(suggestion ? [suggestion.text] : [])].join("; "),
  );
  if (failure !== undefined) return failure;
  if (conflicts.length > 0) {
    return { status: "False", reason: "ObjectsConflict", message: listed(conflicts) };
  }
  if (unread.length > 0) return notUnderstood(unread);
  return { status: "True", reason: "Fits", message: sumsOf(written) + leftOut(namespaceAlone) };
}

/** What the sum of Postgres does not have in it. */
function leftOut(namespaceAlone: string | undefined): string {
  return namespaceAlone === undefined
    ? ""
    : `; not counted: budgets of the same Postgres outside of namespace ${namespaceAlone}, which ` +
        "this operator does not watch (--namespace)";
}

type Missing = FailureCause<"Feasible">;

function floorsMissing({ clients, servers }: BudgetPlan): readonly Missing[] {
  const { capacity, reserve, usable, granted, missing } = clients;
  if (missing === 0) return [];
  const { consoles, maintenance, logins } = reserve;
  const text =
    `clients: ${counted(servers.length, "server")} must be guaranteed ${granted}, and ${usable} ` +
    `= ${capacity} - ${consoles} consoles - ${maintenance} maintenance - ${logins} logins are ` +
    `there: ${missing} missing`;
  return [{ reason: "InsufficientBudget", text }];
}

function linesMissing({ slots, servers }: BudgetPlan): readonly Missing[] {
  const { postgres, processes, perProcess, maintenance, missing } = slots;
  if (missing === 0) return [];
  const text =
    `slots: ${counted(servers.length, "server")} need one each, and ${perProcess - maintenance} ` +
    `= ⌊${postgres} of Postgres / ${processes}⌋ - ${maintenance} maintenance are there: ` +
    `${missing} missing`;
  return [{ reason: "TooManyLines", text }];
}

function sharesMissing(postgres: PostgresPlan | undefined): readonly Missing[] {
  if (postgres === undefined || postgres.missing === 0) return [];
  const { host, port, available, shares, missing } = postgres;
  const sum = shares.reduce((total, { share }) => total + share, 0);
  const parts = shares.map(({ share, namespace, budget }) => `${share} ${namespace}/${budget}`);
  const text =
    `Postgres ${host}:${port}: its budgets may use ${listed(parts)} = ${sum}, and it admits ` +
    `${available}: ${missing} missing; give each budget a smaller spec.postgres.shareConnections`;
  return [{ reason: "PostgresOvercommitted", text }];
}

function sumsOf({ clients, slots }: BudgetPlan): string {
  const { consoles, maintenance, logins } = clients.reserve;
  return (
    `clients: ${consoles} consoles + ${maintenance} maintenance + ${logins} logins + ` +
    `${clients.granted} granted + ${clients.headroom} headroom = ${clients.capacity}; ` +
    `slots: ${slots.maintenance} maintenance + ${slots.granted} granted + ${slots.headroom} ` +
    `headroom = ${slots.perProcess}, × ${slots.processes} = ` +
    `${slots.perProcess * slots.processes} ≤ ${slots.postgres} of Postgres`
  );
}
