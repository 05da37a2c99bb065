import type { FoundPooler } from "../read/poolers.ts";
import type { FoundPostgres } from "../read/postgresServers.ts";

/** What an operator makes of its objects, whether what they made is among the objects or not. */
export interface OperatorResources {
  readonly poolers: readonly FoundPooler[];
  readonly postgres: readonly FoundPostgres[];
  /** Workloads that they make, and their own objects, by key: not to be counted once more. */
  readonly owns: readonly string[];
}
