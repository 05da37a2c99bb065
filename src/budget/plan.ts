/**
 * What the planner says about a fleet: the sums, each server's numbers with their reasons, and,
 * where something cannot fit, what alone would suffice. It is data, and `weir plan --output json`
 * prints it as it is.
 */
export interface Plan {
  /** Every budget is feasible and every shared Postgres carries its shares. */
  readonly feasible: boolean;
  readonly budgets: readonly BudgetPlan[];
  /** One for each Postgres that several budgets share, or that one declared a share of. */
  readonly postgres: readonly PostgresPlan[];
  /** Notes for people about things that break no sum. */
  readonly warnings: readonly string[];
}

/** The plan of one budget. All counts are connections on one PgBouncer process, unless said. */
export interface BudgetPlan {
  readonly name: string;
  readonly namespace: string;
  readonly feasible: boolean;
  readonly clients: ClientSum;
  readonly slots: SlotSum;
  /** The servers that are counted (not Disabled), by name. */
  readonly servers: readonly ServerPlan[];
  /** Empty when feasible. Each suffices alone, for both sums; in the order to consider them. */
  readonly suggestions: readonly Suggestion[];
}

/** Clients: capacity = consoles + maintenance + logins + usable; usable = granted + headroom. */
interface ClientSum {
  /** C: max_client_conn. */
  readonly capacity: number;
  readonly reserve: {
    readonly consoles: number;
    readonly maintenance: number;
    readonly logins: number;
  };
  /** U: what servers may have. Never clamped: it may be negative only if the input was not valid. */
  readonly usable: number;
  /** Σ grants; when unfeasible Σ floors. */
  readonly granted: number;
  /** The part that no server got; 0 when missing > 0. */
  readonly headroom: number;
  /** Σ floors − usable, when that is more than 0; else 0. */
  readonly missing: number;
}

/** Slots: perProcess = maintenance + granted + headroom; processes × perProcess ≤ postgres. */
export interface SlotSum {
  /** P: what this budget may use of Postgres. */
  readonly postgres: number;
  /** K: PgBouncer processes. */
  readonly processes: number;
  /** S = ⌊P / K⌋. */
  readonly perProcess: number;
  readonly maintenance: number;
  /** Σ slots of servers; when unfeasible the number of lines (1 each). */
  readonly granted: number;
  readonly headroom: number;
  /** Lines − (perProcess − maintenance), when that is more than 0; else 0. */
  readonly missing: number;
}

/** The numbers of one server. */
export interface ServerPlan {
  readonly name: string;
  /** The most pods that can hold connections at once. */
  readonly peakPods: number;
  readonly processesPerPod: number;
  readonly guaranteed: number;
  readonly max: number;
  /** guaranteed × peakPods × processesPerPod. */
  readonly floor: number;
  /** Connections that a process gets. */
  readonly limit: number;
  /** limit × peakPods × processesPerPod: clients on each PgBouncer process. */
  readonly grant: number;
  /** Backend connections on each PgBouncer process. */
  readonly slots: number;
  /** Why the numbers are what they are, in words. */
  readonly reason: string;
}

/** One Postgres and the budgets behind which it stands. */
export interface PostgresPlan {
  /** Full host name, and port. */
  readonly host: string;
  readonly port: number;
  /** Connections that it admits to all budgets: the smallest number that any of them says. */
  readonly available: number;
  readonly shares: readonly {
    readonly budget: string;
    readonly namespace: string;
    readonly share: number;
  }[];
  /** Σ shares − available, when that is more than 0; else 0. */
  readonly missing: number;
}

/** A change that alone makes a budget feasible, in both sums. */
export interface Suggestion {
  readonly kind: "SmallerPools" | "Recreate" | "Members" | "Disable" | "MaxClientConn";
  readonly text: string;
  readonly changes: readonly FieldChange[];
}

/**
 * One field of one object: `spec.pool.guaranteed` of `McpServer/scene` from 20 to 9. null is a field
 * that is not there.
 */
export interface FieldChange {
  /** KIND/NAME, in the budget's namespace. */
  readonly object: string;
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}
