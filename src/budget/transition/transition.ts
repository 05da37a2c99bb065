import { fallingSteps, lastStep } from "./serverSteps.ts";
import { serversOnlyIn, snapshotOf, type Planned, type Snapshot } from "./fleetState.ts";
import { stepNames, type Step } from "./steps.ts";
import { tierSteps } from "./tierSteps.ts";

/**
 * The order in which generated manifests are applied without an operator so that the sums hold at
 * every instant between one fleet and another: what falls at the servers, then PgBouncers, then
 * what rises or is new. Empty when nothing changes. Both plans must be feasible.
 *
 * The facts it stands on: a StatefulSet replaces a PgBouncer pod only when the old one is gone, and
 * starts those of higher ordinals at once; each process starts without clients, with the ini its
 * pod was made with; a Deployment's rollout may have all old pods beside all new ones.
 */
export function transition(old: Planned, next: Planned): readonly Step[] {
  if (JSON.stringify(old.fleet) === JSON.stringify(next.fleet)) return [];
  const before = snapshotOf(old);
  const after = snapshotOf(next);
  return [
    ...secretsSteps(before, after),
    ...fallingSteps(before, after, next.fleet),
    ...tierSteps(before, after),
    lastStep(before, after),
  ];
}

/** A PgBouncer reads its logins when it starts: those of new servers must be there by then. */
function secretsSteps(before: Snapshot, after: Snapshot): readonly Step[] {
  const newBudgets = [...after.tiers]
    .filter(([key]) => !before.tiers.has(key))
    .map(([, { budget }]) => budget);
  const objects = stepNames([...newBudgets, ...serversOnlyIn(after, before)]);
  if (objects.length === 0) return [];
  return [
    {
      action: "Secrets",
      objects,
      waitFor: "the Secrets are there",
      why: "A PgBouncer process knows the logins that are there when it starts.",
    },
  ];
}
