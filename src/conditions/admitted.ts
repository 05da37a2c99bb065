import { roomOf } from "../budget/room.ts";
import { counted } from "../text/wording.ts";
import type { CheckResult } from "./condition.ts";
import type { ServerInput } from "./serverInput.ts";

/** Admitted: whether the server's whole floor, a line and a slot are reserved for it. */
export function admitted({ admission, planned, server, budget }: ServerInput): CheckResult {
  if (!admission.admitted) return refused(admission, budget.metadata.name);
  if (planned === undefined) throw new Error(`no plan for ${server.metadata.name}`);
  const { guaranteed, peakPods, processesPerPod, floor, limit, grant, slots } = planned;
  const processes = processesPerPod === 1 ? "" : ` × ${processesPerPod} processes`;
  const pods = `${counted(peakPods, "pod")} at most${processes}`;
  const message =
    `floor ${floor} = ${guaranteed} guaranteed × ${pods}, of ${roomOf(budget).clients} for ` +
    `servers; grant ${grant} = limit ${limit} × ${pods}; ${counted(slots, "slot")}`;
  return { status: "True", reason: "FloorReserved", message };
}

type Refusal = Exclude<ServerInput["admission"], { readonly admitted: true }>;

function refused(refusal: Refusal, budget: string): CheckResult {
  return { status: "False", reason: refusal.why, message: whyRefused(refusal, budget) };
}

function whyRefused(refusal: Refusal, budget: string): string {
  if (refusal.why === "Disabled") {
    return "spec.activation is Disabled: it has no line and no connections";
  }
  return refusal.why === "InsufficientBudget"
    ? `needs ${refusal.needs}, free ${refusal.free} of ConnectionBudget ${budget}`
    : `needs a slot, free 0: ConnectionBudget ${budget} has ${refusal.lines} for servers on each PgBouncer process`;
}
