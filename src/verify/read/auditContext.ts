import type { AddressBook } from "./addresses.ts";
import type { Inventory } from "./inventory.ts";
import type { FoundPooler } from "./poolers.ts";

/** What a container may connect to. */
export interface AuditContext {
  readonly inventory: Inventory;
  readonly book: AddressBook;
  readonly poolers: readonly FoundPooler[];
  /** Addresses of the Postgres that the poolers' lines lead to. */
  readonly behind: ReadonlySet<string>;
}
