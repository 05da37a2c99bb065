import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { draftOf, type Draft } from "../fleet/draft.ts";
import { formatPath } from "../api/fieldPath.ts";
import { checkFleet } from "../fleet/fleetRules.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { byNames } from "../text/order.ts";
import { SumError } from "../budget/assertSums.ts";
import type { BudgetPlan, PostgresPlan } from "../budget/plan.ts";
import { planBudget } from "../budget/planBudget.ts";
import { planFleet } from "../budget/planFleet.ts";
import type { BudgetSnapshot, ObservedObject, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { admit, type Admission } from "./admission.ts";
import { conditionIn, notUnderstood, type CheckResult } from "./condition.ts";

/** What the objects of one budget say, all together. */
export type ObjectPlan = KnownPlan | UnknownPlan;

export interface KnownPlan {
  readonly known: true;
  readonly budget: ConnectionBudget;
  /** As written: what is missing, when not all fit. */
  readonly written: BudgetPlan;
  /** Its Postgres, where several budgets share it or a share is declared. */
  readonly postgres?: PostgresPlan;
  /** Contradictions between the objects, one line each. */
  readonly conflicts: readonly string[];
  /** Other budgets of its Postgres whose shares are not known, one line each. */
  readonly unread: readonly string[];
  /** By the server's name. */
  readonly admissions: ReadonlyMap<string, Admission>;
  /** The plan of those that are admitted: what PgBouncer should have applied. */
  readonly admitted: BudgetPlan;
}

/** No sum is known. */
type UnknownPlan = {
  readonly known: false;
  /** Objects can't be read, or weir's own sums disagree. */
  readonly why: CheckResult<"NotUnderstood" | "SumsDisagree">;
} & (
  | { readonly budget: ConnectionBudget }
  /** It can't be read. */
  | { readonly budget?: undefined }
);

/**
 * Plans a budget as its objects are written. Incumbents are those whose status says that they are
 * admitted.
 */
export function planObjects({
  budget,
  servers,
  neighbours,
  unreadNeighbours,
}: Pick<BudgetSnapshot, "budget" | "servers" | "neighbours" | "unreadNeighbours">): ObjectPlan {
  const problems = [
    ...problemsOf("ConnectionBudget", budget),
    ...servers.flatMap(({ object }) => problemsOf("McpServer", object)),
  ].toSorted();
  const own = parsedOf(budget);
  if (own === undefined) return { known: false, why: notUnderstood(problems) };
  if (problems.length > 0) return { known: false, budget: own, why: notUnderstood(problems) };
  try {
    return { known: true, ...plannedObjects(own, servers, neighbours), unread: unreadNeighbours };
  } catch (error) {
    // A fault of weir's, whose numbers must not be judged by, nor the last statuses stay.
    if (!(error instanceof SumError)) throw error;
    const why = { status: "Unknown", reason: "SumsDisagree", message: error.message } as const;
    return { known: false, budget: own, why };
  }
}

/** @throws SumError */
function plannedObjects(
  own: ConnectionBudget,
  servers: readonly ServerSnapshot[],
  neighbours: readonly ConnectionBudget[],
): Omit<KnownPlan, "known" | "unread"> {
  const parsed = servers.flatMap(({ object }) => parsedOf(object) ?? []).toSorted(byName);
  const plan = planFleet({ budgets: [own, ...neighbours], servers: parsed });
  const written = plan.budgets.find(
    ({ name, namespace }) => name === own.metadata.name && namespace === own.metadata.namespace,
  );
  if (written === undefined) throw new Error("a fleet's plan lacks one of its budgets");
  const postgres = plan.postgres.find(({ shares }) =>
    shares.some((share) => share.budget === written.name && share.namespace === written.namespace),
  );
  const admissions = admit(own, applicantsOf(servers));
  const isAdmitted = ({ metadata }: McpServer) => admissions.get(metadata.name)?.admitted === true;
  return {
    budget: own,
    written,
    ...(postgres !== undefined && { postgres }),
    conflicts: conflictsOf(own, neighbours, parsed),
    admissions,
    admitted: written.feasible ? written : planBudget(own, parsed.filter(isAdmitted), 0),
  };
}

function problemsOf(kind: string, { name, parsed }: ObservedObject<unknown>): readonly string[] {
  if (parsed.ok) return [];
  return [`${kind}/${name}: ${parsed.problems.slice(0, 3).join("; ")}`];
}

function parsedOf<T>({ parsed }: ObservedObject<T>): T | undefined {
  return parsed.ok ? parsed.value : undefined;
}

function applicantsOf(servers: readonly ServerSnapshot[]) {
  return servers.flatMap(({ object }) => {
    const server = parsedOf(object);
    if (server === undefined) return [];
    const incumbent = conditionIn(object.status, "Admitted")?.status === "True";
    return [{ server, incumbent, creationTimestamp: object.creationTimestamp, uid: object.uid }];
  });
}

/** What the rules between objects say of this budget and its servers. */
function conflictsOf(
  budget: ConnectionBudget,
  neighbours: readonly ConnectionBudget[],
  servers: readonly McpServer[],
): readonly string[] {
  const own = draftOf(budget);
  const drafts = servers.map(draftOf);
  const mine = new Set<Draft<unknown>>([own, ...drafts]);
  const problems = checkFleet({
    budgets: [...neighbours.toSorted(byName).map(draftOf), own],
    servers: drafts,
    complete: true,
  });
  return problems
    .filter(({ draft }) => mine.has(draft))
    .map(({ draft, path, found, allowed }) => {
      const what = found === undefined ? "" : `${found}; `;
      return `${draft.kind}/${draft.name} ${formatPath(path)}: ${what}${allowed}`;
    });
}

const byName = byNames<ConnectionBudget | McpServer>(({ metadata }) => [
  metadata.namespace,
  metadata.name,
]);
