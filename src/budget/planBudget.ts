import { processCountOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { byCodeUnit } from "../text/order.ts";
import { counted } from "../text/wording.ts";
import { allocate } from "./allocate.ts";
import { assertPlanSums } from "./assertSums.ts";
import type { BudgetPlan, ServerPlan } from "./plan.ts";
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
  const limits = feasible
    ? limitsOf(budget, lines, room)
    : lines.map((server) => server.spec.pool.guaranteed);
  const grants = lines.map((server, index) => (limits[index] ?? 0) * peakProcesses(server));
  const slots = feasible ? slotsOf(budget, lines, grants, room) : lines.map(() => 1);
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
    servers: lines.map((server, index) =>
      serverPlan(server, {
        limit: limits[index] ?? 0,
        grant: grants[index] ?? 0,
        slots: slots[index] ?? 0,
        cost: peakProcesses(server),
        headroom,
        slotsShared: room.slots,
        feasible,
      }),
    ),
    suggestions: fits || postgresMissing > 0 ? [] : suggestionsFor(budget, lines, room),
  };
  assertPlanSums(budget, servers, plan);
  return plan;
}

function serverPlan(server: McpServer, numbers: Explained): ServerPlan {
  const { guaranteed, max, processesPerPod } = server.spec.pool;
  const { limit, grant, slots } = numbers;
  return {
    name: server.metadata.name,
    peakPods: peakPods(server),
    processesPerPod,
    guaranteed,
    max,
    floor: floorOf(server),
    limit,
    grant,
    slots,
    reason: reasonOf(server, numbers),
  };
}

/** Limits by process: a unit of limit costs one client connection for each peak process. */
function limitsOf(
  budget: ConnectionBudget,
  lines: readonly McpServer[],
  room: Room,
): readonly number[] {
  const claims = lines.map((server) => ({
    name: server.metadata.name,
    least: server.spec.pool.guaranteed,
    most: server.spec.pool.max,
    weight: weightOf(budget, server),
    cost: peakProcesses(server),
  }));
  return allocate(claims, room.clients);
}

/**
 * Slots by line: at least 1, since 0 means unlimited to PgBouncer, and never more than the grant,
 * since a slot without a client is never used.
 */
function slotsOf(
  budget: ConnectionBudget,
  lines: readonly McpServer[],
  grants: readonly number[],
  room: Room,
): readonly number[] {
  const claims = lines.map((server, index) => ({
    name: server.metadata.name,
    least: 1,
    most: grants[index] ?? 1,
    weight: weightOf(budget, server),
    cost: 1,
  }));
  return allocate(claims, room.slots);
}

/** With policy Equal a weight says nothing. */
function weightOf(budget: ConnectionBudget, server: McpServer): number {
  return budget.spec.policy === "Equal" ? 1 : server.spec.weight;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** The numbers that a reason explains. */
interface Explained {
  readonly limit: number;
  readonly grant: number;
  readonly slots: number;
  /** What a connection more for each process would take. */
  readonly cost: number;
  /** Client connections that nobody was given. */
  readonly headroom: number;
  /** Backend connections that all servers of the budget share. */
  readonly slotsShared: number;
  readonly feasible: boolean;
}

/** Why a server's limit, slots and peak pods are what they are: one line, for a person. */
function reasonOf(server: McpServer, numbers: Explained): string {
  const why = numbers.feasible
    ? `${limitReason(server, numbers)}; ${slotsReason(numbers)}`
    : `limit ${numbers.limit} = guaranteed, since the budget does not fit`;
  return `${why}; ${peakReason(server)}`;
}

function limitReason(server: McpServer, { limit, cost, headroom }: Explained): string {
  const { guaranteed, max } = server.spec.pool;
  if (guaranteed === max) return `limit ${limit} = guaranteed = pool max`;
  if (limit === max) return `limit ${limit} = pool max`;
  const stop = `1 more takes ${cost}, ${headroom} left`;
  return limit === guaranteed
    ? `limit ${limit} = guaranteed (${stop})`
    : `limit ${limit} is its fair share (${stop})`;
}

function slotsReason({ grant, slots, slotsShared }: Explained): string {
  return slots === grant
    ? `slots ${slots} = grant`
    : `slots ${slots} of ${slotsShared}, shared fairly`;
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
