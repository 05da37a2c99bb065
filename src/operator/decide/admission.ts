import type { ConnectionBudget } from "../../api/connectionBudget.ts";
import type { McpServer } from "../../api/mcpServer.ts";
import { floorOf } from "../../budget/floors.ts";
import { byCodeUnit } from "../../budget/order.ts";
import { roomOf } from "../../budget/room.ts";

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
  /** Clients on each PgBouncer process: its floor, and what was left when its turn came. */
  | {
      readonly admitted: false;
      readonly why: "InsufficientBudget";
      readonly needs: number;
      readonly free: number;
    }
  /** No slot is left for one more line; `lines` is how many there may be. */
  | { readonly admitted: false; readonly why: "TooManyLines"; readonly lines: number };

/**
 * Who gets a whole floor: by priority, then those admitted before, then age, then UID. One that
 * doesn't fit is passed over, and a smaller one after it may fit. Asked again with those admitted as
 * incumbents it says the same: nobody loses a place to a newcomer of the same priority.
 *
 * @returns by the server's name
 */
export function admit(
  budget: ConnectionBudget,
  applicants: readonly Applicant[],
): ReadonlyMap<string, Admission> {
  const room = roomOf(budget);
  const admissions = new Map<string, Admission>();
  let free = room.clients;
  let lines = 0;
  for (const { server } of applicants.toSorted(byTurn)) {
    const needs = floorOf(server);
    const { name } = server.metadata;
    if (server.spec.activation === "Disabled") {
      admissions.set(name, { admitted: false, why: "Disabled" });
    } else if (needs > free) {
      admissions.set(name, { admitted: false, why: "InsufficientBudget", needs, free });
    } else if (lines >= room.slots) {
      admissions.set(name, { admitted: false, why: "TooManyLines", lines: room.slots });
    } else {
      admissions.set(name, { admitted: true });
      free -= needs;
      lines += 1;
    }
  }
  return admissions;
}

function byTurn(a: Applicant, b: Applicant): number {
  return (
    b.server.spec.priority - a.server.spec.priority ||
    Number(b.incumbent) - Number(a.incumbent) ||
    Date.parse(a.creationTimestamp) - Date.parse(b.creationTimestamp) ||
    byCodeUnit(a.uid, b.uid) ||
    byCodeUnit(a.server.metadata.name, b.server.metadata.name)
  );
}
