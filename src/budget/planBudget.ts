import { processCountOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { byCodeUnit } from "../text/order.ts";
import { counted } from "../text/wording.ts";
import { allocate, type Claim } from "./allocate.ts";
import { assertPlanSums } from "./assertSums.ts";
import type { BudgetPlan } from "./plan.ts";
import {
  floorOf,
  floorsOf,
  generationsOf,
  missingFor,
  mostReplicas,
  peakPods,
  peakProcesses,
  roomOf,
  type Room,
} from "./sums.ts";
import { suggestionsFor } from "./suggestions.ts";

/**
 * Plans one budget: its sums, and each server's limit, grant and slots. `servers` are those that
 * draw from the budget, in any order; Disabled ones have no line and are left out. When a sum
 * can't hold, every limit is the guarantee and every line has one slot, and `missing` says by how
 * much it fails. `postgresMissing` is what the Postgres behind it lacks for all shares.
 *
 * @throws SumError when a sum of the plan does not hold: a fault of weir
 */
export function planBudget(
  budget: ConnectionBudget,
  servers: readonly McpServer[],
  postgresMissing: number,
): BudgetPlan {
  const lines = servers
    .filter((server) => server.spec.activation !== "Disabled")
    .toSorted((a, b) => byCodeUnit(a.metadata.name, b.metadata.name));
  const room = roomOf(budget);
  const missing = missingFor(room, floorsOf(lines), lines.length);
  const fits = missing.clients === 0 && missing.slots === 0;
  const feasible = fits && postgresMissing === 0;
  const divide = (
    available: number,
    claimOf: (server: McpServer, index: number) => Pick<Claim, "least" | "most" | "cost">,
  ): readonly number[] =>
    allocate(
      lines.map((server, index) => ({
        name: server.metadata.name,
        // With policy Equal a weight says nothing.
        weight: budget.spec.policy === "Equal" ? 1 : server.spec.weight,
        ...claimOf(server, index),
      })),
      available,
    );
  // One more of a limit costs one client connection for each peak process.
  const limits = feasible
    ? divide(room.clients, (server) => ({
        least: server.spec.pool.guaranteed,
        most: server.spec.pool.max,
        cost: peakProcesses(server),
      }))
    : lines.map((server) => server.spec.pool.guaranteed);
  const grants = lines.map((server, index) => (limits[index] ?? 0) * peakProcesses(server));
  // At least 1, since 0 means unlimited to PgBouncer, and never more than the grant, since a slot
  // without a client is never used.
  const slots = feasible
    ? divide(room.slots, (_, index) => ({ least: 1, most: grants[index] ?? 1, cost: 1 }))
    : lines.map(() => 1);
  const granted = sum(grants);
  const slotsGranted = sum(slots);
  const headroom = Math.max(0, room.clients - granted);
  const { consoles, maintenance, maintenanceSlots, logins } = budget.spec.pgbouncer.reserve;

  const plan: BudgetPlan = {
    name: budget.metadata.name,
    namespace: budget.metadata.namespace,
    feasible,
    clients: {
      capacity: budget.spec.pgbouncer.maxClientConn,
      reserve: { consoles, maintenance, logins },
      usable: room.clients,
      granted,
      headroom,
      missing: missing.clients,
    },
    slots: {
      postgres: room.postgres,
      processes: processCountOf(budget),
      perProcess: room.perProcess,
      maintenance: maintenanceSlots,
      granted: slotsGranted,
      headroom: Math.max(0, room.slots - slotsGranted),
      missing: missing.slots,
    },
    servers: lines.map((server, index) => {
      const { guaranteed, max, processesPerPod } = server.spec.pool;
      const limit = limits[index] ?? 0;
      const grant = grants[index] ?? 0;
      const ownSlots = slots[index] ?? 0;
      const why = feasible
        ? `${limitReason(server, limit, headroom)}; ${slotsReason(ownSlots, grant, room)}`
        : `limit ${limit} = guaranteed, since the budget does not fit`;
      return {
        name: server.metadata.name,
        peakPods: peakPods(server),
        processesPerPod,
        guaranteed,
        max,
        floor: floorOf(server),
        limit,
        grant,
        slots: ownSlots,
        reason: `${why}; ${peakReason(server)}`,
      };
    }),
    suggestions: fits || postgresMissing > 0 ? [] : suggestionsFor(budget, lines, room),
  };
  assertPlanSums(budget, servers, plan);
  return plan;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** @param headroom client connections that no server got */
function limitReason(server: McpServer, limit: number, headroom: number): string {
  const { guaranteed, max } = server.spec.pool;
  if (guaranteed === max) return `limit ${limit} = guaranteed = pool max`;
  if (limit === max) return `limit ${limit} = pool max`;
  const stop = `1 more takes ${peakProcesses(server)}, ${headroom} left`;
  return limit === guaranteed
    ? `limit ${limit} = guaranteed (${stop})`
    : `limit ${limit} is its fair share (${stop})`;
}

function slotsReason(slots: number, grant: number, room: Room): string {
  return slots === grant
    ? `slots ${slots} = grant`
    : `slots ${slots} of ${room.slots}, shared fairly`;
}

function peakReason(server: McpServer): string {
  const replicas = mostReplicas(server);
  const processes = server.spec.pool.processesPerPod;
  const pods =
    generationsOf(server.spec.rollout.type) === 2
      ? `${2 * replicas} pods = ${replicas} old + ${replicas} new in a rollout`
      : `${counted(replicas, "pod")}, never old and new together (Recreate)`;
  return processes === 1 ? pods : `${pods}, each of ${processes} processes`;
}
