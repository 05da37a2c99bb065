import type { McpServer } from "../api/mcpServer.ts";
import { generations, mostReplicas } from "./peakPods.ts";
import { counted } from "../text/wording.ts";

/** The numbers that a reason explains. */
export interface Explained {
  readonly limit: number;
  readonly grant: number;
  readonly slots: number;
  /** What a connection more for each process would take. */
  readonly cost: number;
  /** Client connections that nobody was given. */
  readonly headroom: number;
  /** Server connections that all servers of the budget share. */
  readonly slotsShared: number;
  readonly feasible: boolean;
}

/** Why a server's limit, slots and peak pods are what they are: one line, for a person. */
export function reasonOf(server: McpServer, numbers: Explained): string {
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
    generations(server) === 2
      ? `${2 * replicas} pods = ${replicas} old + ${replicas} new in a rollout`
      : `${counted(replicas, "pod")}, never old and new together (Recreate)`;
  return processes === 1 ? pods : `${pods}, each of ${processes} processes`;
}
