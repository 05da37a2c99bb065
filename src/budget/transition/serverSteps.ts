import { keyOf, type Fleet } from "../../api/fleet.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { byNames } from "../../text/order.ts";
import { planFleet } from "../planFleet.ts";
import { serversOnlyIn, type Running, type Snapshot } from "./fleetState.ts";
import { stepChange, stepNames, type ObjectName, type Step, type StepChange } from "./steps.ts";
import { counted } from "../../text/wording.ts";

/** A server that both fleets run behind the same PgBouncer, as it is and as it shall be. */
interface ServerPair {
  readonly old: Running;
  readonly next: Running;
}

const ROLLED_OUT = "their rollouts are done and none of their pods terminates";

/**
 * The steps before any PgBouncer changes: servers that are gone are deleted, servers whose sizes
 * fall get their new sizes, and servers with sizes of both kinds get those that fall.
 */
export function fallingSteps(old: Snapshot, next: Snapshot, fleet: Fleet): readonly Step[] {
  const steps: Step[] = [];
  const gone = serversOnlyIn(old, next);
  if (gone.length > 0) {
    const moved = gone.filter((server) => next.servers.has(keyOf(server))).length;
    steps.push({
      action: "Delete",
      objects: named(gone),
      waitFor: "none of their pods is left",
      why:
        "Their lines go next, and a pod without a line is refused." +
        (moved === 0
          ? ""
          : ` Of them ${counted(moved, "server")} with another budget: back in the last step.`),
    });
  }
  const moves = pairsOf(old, next).map((pair) => ({ ...pair, move: moveOf(pair.old, pair.next) }));
  const before = moves.filter(({ move }) => move === "Before");
  if (before.length > 0) {
    steps.push({
      action: "Apply",
      objects: named(before.map(({ next: { server } }) => server)),
      changes: [],
      obsolete: before.flatMap((pair) => obsoleteOf(pair, pair.next.server)),
      waitFor: ROLLED_OUT,
      why: "Less than now: the grants may fall when the last pod with the old sizes is gone.",
    });
  }
  const split = moves.filter(({ move }) => move === "Split");
  if (split.length > 0) steps.push(splitStep(split, next, fleet));
  return steps;
}

function splitStep(split: readonly ServerPair[], next: Snapshot, fleet: Fleet): Step {
  const smaller = new Map(
    split.map((pair) => [keyOf(pair.next.server), smallerOfBoth(pair.old, pair.next)]),
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
    obsolete: split.flatMap((pair) =>
      obsoleteOf(pair, smaller.get(keyOf(pair.next.server)) ?? pair.next.server),
    ),
    waitFor: ROLLED_OUT,
    why:
      "Some sizes fall and some rise. Old and new pods at once would need more than either grant: " +
      "first the smaller of both in everything.",
  };
}

/**
 * The new fleet with the intermediate sizes of the split servers. Their smaller sizes may raise the
 * limits of other servers in its plan, which does no harm: the step applies only the split servers.
 * If a split server then does not get the limit that it must have, all other servers are held at
 * the limits of the new plan; then every pool.max fits.
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

/** Servers that need more or are new: last, when every PgBouncer process has the new ini. */
export function lastStep(old: Snapshot, next: Snapshot): Step {
  const late = pairsOf(old, next).filter((pair) => moveOf(pair.old, pair.next) !== "Before");
  const resized = late.filter((pair) => sizesOf(pair.old) !== sizesOf(pair.next));
  return {
    action: "ApplyAll",
    objects: named([...resized.map((pair) => pair.next.server), ...serversOnlyIn(next, old)]),
    obsolete: late.flatMap((pair) => obsoleteOf(pair, pair.next.server)),
    waitFor: "all rollouts are done",
    why: "Every PgBouncer process has the new ini: now apply new servers and servers that get more.",
  };
}

function sizesOf({ replicas, generations, processesPerPod, limit }: Running): string {
  return [replicas, generations, processesPerPod, limit].join(" ");
}

function pairsOf(old: Snapshot, next: Snapshot): readonly ServerPair[] {
  return [...next.servers].flatMap(([key, running]) => {
    const before = old.servers.get(key);
    return before?.tier === running.tier ? [{ old: before, next: running }] : [];
  });
}

/** The autoscaler that only the old manifests have: it would continue to scale. */
function obsoleteOf({ old }: ServerPair, server: McpServer): readonly ObjectName[] {
  const { name, namespace } = server.metadata;
  const isObsolete =
    old.server.spec.autoscaling !== undefined && server.spec.autoscaling === undefined;
  return isObsolete ? [{ kind: "HorizontalPodAutoscaler", namespace, name }] : [];
}

function named(servers: readonly McpServer[]): readonly ObjectName[] {
  return stepNames(servers).toSorted(byNames(({ namespace, name }) => [namespace, name]));
}

/**
 * When a server takes its new sizes: before its PgBouncer gets the new ini, after it, or first the
 * smaller of both in everything before it and the new ones after it.
 */
type Move = "Before" | "After" | "Split";

/**
 * The earliest way that keeps sum 3, believed limits ≤ grant, with the old ini, with the new one,
 * and while processes have one or the other.
 */
function moveOf(old: Running, next: Running): Move {
  const believed = believedMost(old, next);
  if (old.grant <= next.grant && believed <= next.grant) return "After";
  // Its new grant is at most the old one then, as one finds by comparing the products.
  if (believed <= old.grant) return "Before";
  return "Split";
}

/**
 * The most that a server's pods may believe in while its sizes change. A Deployment whose replicas
 * and pods change at once first scales the old pods, so both generations may have the higher count.
 */
function believedMost(old: Running, next: Running): number {
  const replicas = Math.max(old.replicas, next.replicas);
  const before = replicas * old.processesPerPod * old.limit;
  return next.generations === 2
    ? before + replicas * next.processesPerPod * next.limit
    : Math.max(before, next.replicas * next.processesPerPod * next.limit);
}

/**
 * The new server while it is split: the smaller of old and new in everything, replicas, processes,
 * limit, and one generation if either has one. Its grant is then at most the smaller of both, and so
 * is what it believes on the way there. Its limit is what its pool.max says, if its plan has room.
 */
function smallerOfBoth(old: Running, next: Running): McpServer {
  const { autoscaling, ...spec } = next.server.spec;
  const { replicas, autoscaling: scaling } =
    old.replicas < next.replicas ? old.server.spec : { ...spec, autoscaling };
  const guaranteed = Math.min(old.server.spec.pool.guaranteed, spec.pool.guaranteed);
  return {
    ...next.server,
    spec: {
      ...spec,
      replicas,
      ...(scaling === undefined ? {} : { autoscaling: scaling }),
      rollout: {
        ...spec.rollout,
        type: old.generations < next.generations ? "Recreate" : spec.rollout.type,
      },
      pool: {
        ...spec.pool,
        processesPerPod: Math.min(old.processesPerPod, next.processesPerPod),
        guaranteed,
        max: Math.min(old.limit, next.limit),
        minIdle: Math.min(spec.pool.minIdle, guaranteed),
      },
    },
  };
}

/** The server with the limit that it has as its pool.max: no plan gives it more. */
function pinned({ server, limit }: Running): McpServer {
  const { spec } = server;
  return { ...server, spec: { ...spec, pool: { ...spec.pool, max: limit } } };
}

/** How a server differs from the one in the new fleet, in the fields that sizes come from. */
function sizeChanges(next: McpServer, other: McpServer): readonly StepChange[] {
  const after = sizeFieldsOf(other);
  return Object.entries(sizeFieldsOf(next))
    .map(([field, from]) => stepChange(next, field, from, after[field]))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}

function sizeFieldsOf({ spec }: McpServer): Readonly<Record<string, unknown>> {
  return {
    "spec.replicas": spec.replicas,
    "spec.autoscaling": spec.autoscaling ?? null,
    "spec.rollout.type": spec.rollout.type,
    "spec.pool.processesPerPod": spec.pool.processesPerPod,
    "spec.pool.guaranteed": spec.pool.guaranteed,
    "spec.pool.max": spec.pool.max,
    "spec.pool.minIdle": spec.pool.minIdle,
  };
}
