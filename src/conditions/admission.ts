import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { floorOf, roomOf } from "../budget/sums.ts";
import { byCodeUnit } from "../text/order.ts";

/** A server that asks for its floor, a line and a slot. */
export interface Applicant {
  readonly server: McpServer;
  /** Whether it was admitted before: Admitted is True. */
  readonly incumbent: boolean;
  readonly creationTimestamp: string;
  readonly uid: string;
}

/** Whether a server's whole floor is reserved. */
export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly why: "Disabled" }
  /** Clients on each PgBouncer process: its floor, and what those that are admitted leave. */
  | {
      readonly admitted: false;
      readonly why: "InsufficientBudget";
      readonly needs: number;
      readonly free: number;
    }
  /** No slot is left for one more line; `lines` is how many there may be. */
  | { readonly admitted: false; readonly why: "TooManyLines"; readonly lines: number };

/**
 * The servers that get a whole floor: by priority, then those admitted before, then age, then UID.
 * A server that doesn't fit is passed over, and a smaller server after it may fit. Asked again with
 * those admitted as incumbents it says the same: no server loses its place to a newcomer of the same
 * priority.
 *
 * @returns by the server's name
 */
export function admit(
  budget: ConnectionBudget,
  applicants: readonly Applicant[],
): ReadonlyMap<string, Admission> {
  const room = roomOf(budget);
  const holders = new Set<McpServer>();
  let free = room.clients;
  for (const { server } of applicants.toSorted(byPrecedence)) {
    const needs = floorOf(server);
    if (isDisabled(server) || needs > free || holders.size >= room.slots) continue;
    holders.add(server);
    free -= needs;
  }
  // The message has the number that is free in the end. The number that was free when weir
  // considered the server would change from one judgement to the next.
  return new Map(
    applicants.map(({ server }) => [
      server.metadata.name,
      holders.has(server) ? { admitted: true } : refusalOf(server, free, Math.max(0, room.slots)),
    ]),
  );
}

function refusalOf(server: McpServer, free: number, lines: number): Admission {
  if (isDisabled(server)) return { admitted: false, why: "Disabled" };
  const needs = floorOf(server);
  return needs > free
    ? { admitted: false, why: "InsufficientBudget", needs, free }
    : { admitted: false, why: "TooManyLines", lines };
}

function isDisabled({ spec }: McpServer): boolean {
  return spec.activation === "Disabled";
}

function byPrecedence(a: Applicant, b: Applicant): number {
  return (
    b.server.spec.priority - a.server.spec.priority ||
    Number(b.incumbent) - Number(a.incumbent) ||
    Date.parse(a.creationTimestamp) - Date.parse(b.creationTimestamp) ||
    byCodeUnit(a.uid, b.uid) ||
    byCodeUnit(a.server.metadata.name, b.server.metadata.name)
  );
}
