import type { UnavailablePart } from "./observation.ts";
import type { LivePgBouncer } from "./pgbouncer.ts";
import type { LivePostgres } from "./postgres.ts";
import type { LiveWorkload } from "./workload.ts";

/**
 * What a running system says of itself in the samples of a few seconds: src/diagnose gathers and
 * judges it. Times are milliseconds since the epoch by the clock of the machine that weir runs on,
 * unless said. Whatever could not be asked is absent, and `unavailable` says why: an absent part is
 * never a zero.
 */
export interface LiveSystem {
  readonly pgbouncers: readonly LivePgBouncer[];
  readonly postgres?: LivePostgres;
  readonly workloads?: readonly LiveWorkload[];
  /**
   * Addresses of silent clients that no packet reaches any more (diagnose/gather/unreachable.ts).
   * Absent: none was probed; an address that is not in it is not known to be alive.
   */
  readonly unreachableAddresses?: readonly string[];
  readonly unavailable: readonly UnavailablePart[];
}
