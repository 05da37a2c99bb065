import type { McpServer } from "../../api/mcpServer.ts";
import type { Running } from "./fleetState.ts";
import type { StepChange } from "./steps.ts";

/**
 * When a server takes its new sizes: before its PgBouncer gets the new ini, after it, or first the
 * smaller of both in everything before it and the new ones after it.
 */
export type Move = "Before" | "After" | "Split";

/**
 * The earliest way that keeps sum 3, believed limits ≤ grant, with the old ini, with the new one,
 * and while processes have one or the other.
 */
export function moveOf(old: Running, next: Running): Move {
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
export function smallerOfBoth(old: Running, next: Running): McpServer {
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
export function pinned({ server, limit }: Running): McpServer {
  const { spec } = server;
  return { ...server, spec: { ...spec, pool: { ...spec.pool, max: limit } } };
}

/** How a server differs from the one in the new fleet, in the fields that sizes come from. */
export function sizeChanges(next: McpServer, other: McpServer): readonly StepChange[] {
  const after = sizesOf(other);
  return Object.entries(sizesOf(next))
    .map(([field, from]) => ({ field, from, to: after[field] }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to))
    .map((change) => ({
      namespace: next.metadata.namespace,
      object: `McpServer/${next.metadata.name}`,
      ...change,
    }));
}

function sizesOf({ spec }: McpServer): Readonly<Record<string, unknown>> {
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
