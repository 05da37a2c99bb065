import type { Fleet } from "../../src/api/fleet.ts";
import { startOrdered, type OrderedProcess } from "./orderedProcess.ts";
import type { PoolOrder, PoolReport } from "./poolReport.ts";
import { serverEnvironment } from "./serverEnvironment.ts";
import type { StartedTier } from "./weirTier.ts";

/** One process of a server. */
export interface PoolServer extends OrderedProcess<PoolOrder, PoolReport> {
  /** The McpServer's name. */
  readonly name: string;
  /** What the plan gives each of its processes. */
  readonly limit: number;
}

/**
 * Starts every process of every server that can exist at once, at the peak of all rollouts: what
 * the plan's grants are made for. Each knows only its environment; all come to one PgBouncer.
 *
 * @param except servers that are not started
 */
export async function startPools(
  tier: StartedTier,
  fleet: Fleet,
  except: readonly string[] = [],
): Promise<readonly PoolServer[]> {
  const starting = tier.plan.servers.flatMap((plan) => {
    const server = fleet.servers.find(({ metadata }) => metadata.name === plan.name);
    if (server === undefined || except.includes(plan.name)) return [];
    const env = serverEnvironment(tier, server, plan);
    return Array.from({ length: plan.peakPods * plan.processesPerPod }, async () => ({
      ...(await startOrdered<PoolOrder, PoolReport>("poolServer.ts", env)),
      name: plan.name,
      limit: plan.limit,
    }));
  });
  return Promise.all(starting);
}

/**
 * Fills their pools, one after another: what is full at once need not have logged in at once, and
 * some hundred logins at the same time are late on a machine that others use.
 */
export async function fillAll(servers: readonly PoolServer[]): Promise<readonly PoolReport[]> {
  const reports: PoolReport[] = [];
  for (const server of servers) reports.push(await server.tell("fill"));
  return reports;
}

/** Gives all of them the same order at the same time. */
export async function tellAll(
  servers: readonly PoolServer[],
  order: PoolOrder,
): Promise<readonly PoolReport[]> {
  return Promise.all(servers.map((server) => server.tell(order)));
}

/** Ends them all. */
export async function killAll(servers: readonly PoolServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.kill()));
}
