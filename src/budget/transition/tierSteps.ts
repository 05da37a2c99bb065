import { processesFieldOf } from "../../api/connectionBudget.ts";
import { byCodeUnit } from "../../text/order.ts";
import type { Snapshot, Tier } from "./fleetState.ts";
import { stepChange, stepNames, type Step, type StepChange } from "./steps.ts";

/** A PgBouncer that changes: from what, if it is there, to what, if it stays. */
interface TierChange {
  readonly key: string;
  readonly old: Tier | undefined;
  readonly next: Tier | undefined;
}

/**
 * The steps by which PgBouncers change, when what falls has fallen at the servers: at every instant
 * the processes of a budget open no more than its P, and the budgets of one Postgres no more than
 * it admits. So who gives goes before who takes; Postgres itself rises first and falls last.
 */
export function tierSteps(old: Snapshot, next: Snapshot): readonly Step[] {
  const ledger = ledgerOf(old, next);
  const steps: Step[] = postgresSteps(old, next, (from, to) => to > from);
  let waiting = changesOf(old, next);
  for (let change = pick(waiting, ledger); change !== undefined; change = pick(waiting, ledger)) {
    if (change.old !== undefined && !hasRoom(change, ledger)) {
      steps.push(...stopSteps(change.old));
      settle({ ...change, next: undefined }, ledger);
      const stopped = { ...change, old: undefined };
      waiting = waiting.map((other) => (other.key === stopped.key ? stopped : other));
    } else {
      steps.push(...stepsOf(change));
      settle(change, ledger);
      waiting = waiting.filter((other) => other !== change);
    }
  }
  return [...steps, ...postgresSteps(old, next, (from, to) => to < from)];
}

/**
 * The next change: the first that finds room. A budget that takes connections finds room once
 * another has given them. If no change finds room, budgets that move between Postgres servers wait
 * for each other: one of them has to stop.
 */
function pick(waiting: readonly TierChange[], ledger: Ledger): TierChange | undefined {
  return waiting.find((change) => hasRoom(change, ledger)) ?? waiting.find(moves) ?? waiting[0];
}

/** What must hold while steps are laid. */
type Ledger = ReturnType<typeof ledgerOf>;

function ledgerOf(old: Snapshot, next: Snapshot) {
  /** What each Postgres admits. */
  const available = new Map(next.available);
  for (const [postgres, count] of old.available) {
    available.set(postgres, Math.max(count, available.get(postgres) ?? 0));
  }
  /** The tier in force of each budget. */
  const tiers = new Map(old.tiers);
  return { available, tiers };
}

function changesOf(old: Snapshot, next: Snapshot): readonly TierChange[] {
  return [...new Set([...old.tiers.keys(), ...next.tiers.keys()])]
    .toSorted(byCodeUnit)
    .map((key) => ({ key, old: old.tiers.get(key), next: next.tiers.get(key) }))
    .filter(({ old: before, next: after }) => iniOf(before) !== iniOf(after));
}

/** Everything that a tier's manifests are made of, to see whether anything changes. */
function iniOf(tier: Tier | undefined): string {
  if (tier === undefined) return "";
  const { postgres, pgbouncer } = tier.budget.spec;
  const lines = tier.plan.servers.map(({ name, grant, slots }) => [name, grant, slots]);
  return JSON.stringify([postgres, pgbouncer, tier.plan.slots, lines]);
}

/** Whether its budget's new P fits beside what all others may still open there. */
function hasRoom({ key, next }: TierChange, { available, tiers }: Ledger): boolean {
  if (next === undefined) return true;
  let inForce = next.share;
  for (const [other, { postgres, share }] of tiers) {
    if (other !== key && postgres === next.postgres) inForce += share;
  }
  return inForce <= (available.get(next.postgres) ?? 0);
}

/** Whether it leaves a Postgres, for another one or for good. */
function moves({ old, next }: TierChange): boolean {
  return old !== undefined && old.postgres !== next?.postgres;
}

function settle({ key, next }: TierChange, { tiers }: Ledger): void {
  if (next === undefined) tiers.delete(key);
  else tiers.set(key, next);
}

const MUST_ADMIT = "It must admit what the new ini may open.";
const IS_FREE = "No process may open more any longer; the rest is free for others.";
const IS_RETIRED = "Nobody uses this role there any longer.";
const OTHERS_GONE = "the other pods are gone; a pod that terminates is not gone yet";
const EITHER_INI = "Each process has the old ini or the new one, and both are within its sums.";

/** One tier's steps: its role's limit is raised before, and lowered after. */
function stepsOf({ old, next }: TierChange): readonly Step[] {
  if (next === undefined) return old === undefined ? [] : removalSteps(old);
  const sameRole = old?.postgres === next.postgres && old.role === next.role;
  const raised = !sameRole || next.share > old.share;
  const lowered = sameRole && next.share < old.share;
  return [
    ...(raised ? [guardStep(next, next.share, MUST_ADMIT, !sameRole)] : []),
    ...(old === undefined ? [] : processSteps(old, next)),
    applyStep(next, [], old === undefined ? "Its share of Postgres is free." : EITHER_INI),
    ...(lowered ? [guardStep(next, next.share, IS_FREE)] : []),
    ...(old === undefined || sameRole ? [] : [guardStep(old, 0, IS_RETIRED)]),
  ];
}

/** What must come before the new ini when the number of processes changes with the slots of each. */
function processSteps(old: Tier, next: Tier): readonly Step[] {
  if (old.postgres !== next.postgres) return [];
  const allowed = Math.max(old.share, next.share);
  const staying = Math.min(old.processes, next.processes);
  const most = staying * Math.max(old.perProcess, next.perProcess);
  const leaving = (old.processes - staying) * old.perProcess;
  const coming = (next.processes - staying) * next.perProcess;
  if (most + leaving + coming <= allowed) return [];
  return next.processes > old.processes
    ? [fewerSlotsStep(old, next)]
    : [
        scaleStep(
          old,
          next.processes,
          OTHERS_GONE,
          "What the others may open can rise only when these are gone.",
        ),
      ];
}

/** The new slots with the old number of processes, which must have them before any is added. */
function fewerSlotsStep(old: Tier, next: Tier): Step {
  const { budget } = next;
  const { shareConnections = null } = budget.spec.postgres;
  const share = next.plan.slots.perProcess * old.processes;
  const why =
    `New processes start at once, while old ones may still open ${old.perProcess} connections ` +
    `each: first all ${old.processes} come down to ${next.perProcess}.`;
  return applyStep(
    next,
    [
      stepChange(budget, processesFieldOf(budget), next.processes, old.processes),
      stepChange(budget, "spec.postgres.shareConnections", shareConnections, share),
    ],
    why,
  );
}

function applyStep(next: Tier, changes: readonly StepChange[], why: string): Step {
  return {
    action: "Apply",
    objects: stepNames([next.budget]),
    changes,
    obsolete: [],
    waitFor: "its rollout is done: every process runs this ini",
    why,
  };
}

function removalSteps(old: Tier): readonly Step[] {
  return [
    {
      action: "Delete",
      objects: stepNames([old.budget]),
      waitFor: "none of its pods is left",
      why: "Its servers are gone. What it holds of Postgres is free when its processes are.",
    },
    guardStep(old, 0, IS_RETIRED),
  ];
}

function stopSteps(old: Tier): readonly Step[] {
  const why =
    "It moves to a Postgres that has no room before another budget leaves, which waits for the " +
    "room that this one takes. Its servers reach no database until it is applied again.";
  return [scaleStep(old, 0, "none of its pods is left", why), guardStep(old, 0, IS_RETIRED)];
}

function scaleStep(old: Tier, to: number, waitFor: string, why: string): Step {
  const objects = stepNames([old.budget]);
  return { action: "Scale", objects, from: old.processes, to, waitFor, why };
}

function guardStep(tier: Tier, connections: number, why: string, isNew = false): Step {
  return {
    action: "Guard",
    objects: stepNames([tier.budget]),
    postgres: tier.postgres,
    role: tier.role,
    isNew,
    connections,
    waitFor: "the SQL has run",
    why,
  };
}

function postgresSteps(
  old: Snapshot,
  next: Snapshot,
  wanted: (from: number, to: number) => boolean,
): Step[] {
  return [...next.available].flatMap(([postgres, to]) => {
    const from = old.available.get(postgres);
    if (from === undefined || !wanted(from, to)) return [];
    return {
      action: "Postgres",
      postgres,
      from,
      to,
      waitFor: "Postgres runs with it",
      why:
        to > from
          ? "The budgets that take more find it there."
          : "All its budgets have come down to what it admits then.",
    };
  });
}
