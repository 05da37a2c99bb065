import { keyOf, type Fleet } from "../../api/fleet.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { byNames } from "../../text/order.ts";
import { planFleet } from "../planFleet.ts";
import { moveOf, pinned, sizeChanges, smallerOfBoth } from "./serverMoves.ts";
import type { Running, Snapshot } from "./fleetState.ts";
import { stepNames, type ObjectName, type Step } from "./steps.ts";
import { counted } from "../../text/wording.ts";

/** A server that both fleets run behind the same PgBouncer, as it is and as it shall be. */
interface Stay {
  readonly old: Running;
  readonly next: Running;
}

const ROLLED_OUT = "their rollouts are done and none of their pods terminates";

/**
 * What servers give up before any PgBouncer changes: those that are gone, those whose sizes fall,
 * and of those that both rise and fall what falls.
 */
export function fallingSteps(old: Snapshot, next: Snapshot, fleet: Fleet): readonly Step[] {
  const steps: Step[] = [];
  const gone = [...old.servers].filter(([key, { tier }]) => next.servers.get(key)?.tier !== tier);
  if (gone.length > 0) {
    const moved = gone.filter(([key]) => next.servers.has(key)).length;
    steps.push({
      action: "Delete",
      objects: named(gone.map(([, { server }]) => server)),
      waitFor: "none of their pods is left",
      why:
        "Their lines go next, and a pod without a line is refused." +
        (moved === 0
          ? ""
          : ` Of them ${counted(moved, "server")} with another budget: back in the last step.`),
    });
  }
  const moves = staying(old, next).map((stay) => ({ ...stay, move: moveOf(stay.old, stay.next) }));
  const before = moves.filter(({ move }) => move === "Before");
  if (before.length > 0) {
    steps.push({
      action: "Apply",
      objects: named(before.map(({ next: { server } }) => server)),
      changes: [],
      obsolete: before.flatMap((stay) => obsoleteOf(stay, stay.next.server)),
      waitFor: ROLLED_OUT,
      why: "Less than now: the grants may fall when the last pod with the old sizes is gone.",
    });
  }
  const split = moves.filter(({ move }) => move === "Split");
  if (split.length > 0) steps.push(splitStep(split, next, fleet));
  return steps;
}

function splitStep(split: readonly Stay[], next: Snapshot, fleet: Fleet): Step {
  const smaller = new Map(
    split.map((stay) => [keyOf(stay.next.server), smallerOfBoth(stay.old, stay.next)]),
  );
  const wanted = splitFleet(fleet, next, smaller);
  const servers = [...smaller.values()];
  return {
    action: "Apply",
    objects: named(servers),
    changes: wanted.servers.flatMap((server, index) => {
      const original = fleet.servers[index];
      return original === undefined ? [] : sizeChanges(original, server);
    }),
    obsolete: split.flatMap((stay) =>
      obsoleteOf(stay, smaller.get(keyOf(stay.next.server)) ?? stay.next.server),
    ),
    waitFor: ROLLED_OUT,
    why:
      "Some sizes fall and some rise. Old and new pods at once would need more than either grant: " +
      "first the smaller of both in everything.",
  };
}

/**
 * The new fleet with the split servers as they are on their way. What they leave may raise others'
 * limits in its plan, which is no harm: only these servers are applied. Where it keeps one of them
 * from the limit it must have, all others are held at theirs; then every pool.max fits.
 */
function splitFleet(fleet: Fleet, next: Snapshot, smaller: ReadonlyMap<string, McpServer>): Fleet {
  const free = withServers(fleet, (server) => smaller.get(keyOf(server)) ?? server);
  const limits = new Map(
    planFleet(free).budgets.flatMap(({ namespace, servers }) =>
      servers.map(({ name, limit }) => [`${namespace}/${name}`, limit]),
    ),
  );
  const exact = [...smaller].every(([key, { spec }]) => limits.get(key) === spec.pool.max);
  if (exact) return free;
  return withServers(free, (server) => {
    const running = next.servers.get(keyOf(server));
    return smaller.has(keyOf(server)) || running === undefined ? server : pinned(running);
  });
}

function withServers(fleet: Fleet, change: (server: McpServer) => McpServer): Fleet {
  return { budgets: fleet.budgets, servers: fleet.servers.map(change) };
}

/** Everything else: applied last, when every PgBouncer process has the new ini. */
export function lastStep(old: Snapshot, next: Snapshot): Step {
  const late = staying(old, next).filter((stay) => moveOf(stay.old, stay.next) !== "Before");
  const resized = late.filter((stay) => sizesOf(stay.old) !== sizesOf(stay.next));
  const added = [...next.servers].filter(([key, { tier }]) => old.servers.get(key)?.tier !== tier);
  return {
    action: "ApplyAll",
    objects: named([
      ...resized.map((stay) => stay.next.server),
      ...added.map(([, { server }]) => server),
    ]),
    obsolete: late.flatMap((stay) => obsoleteOf(stay, stay.next.server)),
    waitFor: "all rollouts are done",
    why: "Every PgBouncer process has the new ini: what is new or needs more may come.",
  };
}

function sizesOf({ replicas, generations, processesPerPod, limit }: Running): string {
  return [replicas, generations, processesPerPod, limit].join(" ");
}

function staying(old: Snapshot, next: Snapshot): readonly Stay[] {
  return [...next.servers].flatMap(([key, running]) => {
    const before = old.servers.get(key);
    return before?.tier === running.tier ? [{ old: before, next: running }] : [];
  });
}

/** An autoscaler that is not in the new manifests would go on to scale. */
function obsoleteOf({ old }: Stay, server: McpServer): readonly ObjectName[] {
  const { name, namespace } = server.metadata;
  const isObsolete =
    old.server.spec.autoscaling !== undefined && server.spec.autoscaling === undefined;
  return isObsolete ? [{ kind: "HorizontalPodAutoscaler", namespace, name }] : [];
}

function named(servers: readonly McpServer[]): readonly ObjectName[] {
  return stepNames(servers).toSorted(byNames(({ namespace, name }) => [namespace, name]));
}
