import { roomOf } from "../budget/sums.ts";
import { counted } from "../text/wording.ts";
import type { Admission } from "./admission.ts";
import { notUnderstood, type CheckResult } from "./condition.ts";
import type { ServerInput } from "./input.ts";
import type { ReasonOf } from "./reasons.ts";

/** Admitted: whether the server's whole floor, a line and a slot are reserved for it. */
export function admitted(input: ServerInput): CheckResult<ReasonOf<"Admitted">> {
  const { parsed } = input.snapshot.object;
  if (!parsed.ok) return notUnderstood(parsed.problems);
  if (input.unplanned?.reason === "BudgetNotFound") return { ...input.unplanned, status: "False" };
  if (input.unplanned !== undefined) return input.unplanned;
  const { admission, planned, server, budget } = input;
  if (!admission.admitted) {
    const message = whyRefused(admission, budget.metadata.name);
    return { status: "False", reason: admission.why, message };
  }
  if (planned === undefined) throw new Error(`no plan for ${server.metadata.name}`);
  const { guaranteed, peakPods, processesPerPod, floor, limit, grant, slots } = planned;
  const processes = processesPerPod === 1 ? "" : ` × ${processesPerPod} processes`;
  const pods = `${counted(peakPods, "pod")} at most${processes}`;
  const message =
    `floor ${floor} = ${guaranteed} guaranteed × ${pods}, of ${roomOf(budget).clients} for ` +
    `servers; grant ${grant} = limit ${limit} × ${pods}; ${counted(slots, "slot")}`;
  return { status: "True", reason: "FloorReserved", message };
}

function whyRefused(
  refusal: Exclude<Admission, { readonly admitted: true }>,
  budget: string,
): string {
  if (refusal.why === "Disabled") {
    return "spec.activation is Disabled: it has no line and no connections";
  }
  return refusal.why === "InsufficientBudget"
    ? `needs ${refusal.needs}, free ${refusal.free} of ConnectionBudget ${budget}`
    : `needs a slot, free 0: ConnectionBudget ${budget} has ${refusal.lines} for servers on each PgBouncer process`;
}
