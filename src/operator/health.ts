import { KubeRefusal } from "../kube/refusal.ts";
import type { LeaseName } from "../kube/lease.ts";
import { BUDGETS, SERVERS, type ClusterCopy, type CopyState } from "../observe/cluster.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Problems } from "./logOnChange.ts";

/** How the operator is, for those who ask by HTTP. */
export interface Health {
  /** Parts that have stopped, and that only a restart would start again; empty: all work. */
  readonly dead: () => readonly string[];
  /** Reasons why the operator is not ready yet; empty: it is ready. */
  readonly missing: () => readonly string[];
}

/** Whether this process could lead, should its Lease be free. */
export type LeaseHealth = ReturnType<typeof leaseHealth>;

const FORBIDDEN = 403;

/**
 * A process that may not have the Lease never leads, however well it follows the cluster: were it
 * ready, a rollout would end with such processes alone, and no process would be left that writes
 * statuses. An API server that is away keeps it from asking again, and is no reason against it.
 */
export function leaseHealth({ namespace, name }: LeaseName, report: (problems: Problems) => void) {
  let problem: string | undefined = "not asked for yet";
  return {
    answered: () => {
      problem = undefined;
      report(new Map([["lease", undefined]]));
    },
    failed: (error: unknown) => {
      const message = error instanceof Error ? error.message : "";
      const isForbidden = error instanceof KubeRefusal && error.status === FORBIDDEN;
      if (problem !== undefined || isForbidden) problem = message;
      report(new Map([["lease", message]]));
    },
    missing: () => (problem === undefined ? [] : [`Lease ${namespace}/${name}: ${problem}`]),
  };
}

/** A copy that got nothing for so long, and no error either, does not follow any more. */
const SILENT_MS_MAX = 600_000;

/** Whether the copies of the cluster follow it. */
export function copyHealth({ states }: Pick<ClusterCopy, "states">, runtime: Runtime) {
  return {
    /** By the plural of each kind. */
    problems: (): Problems => new Map(states().map((state) => [state.plural, problemOf(state)])),
    missing: () =>
      states()
        .filter((state) => !state.synced)
        .map((state) => `${state.plural}: ${problemOf(state) ?? "not listed yet"}`),
    dead: () =>
      states()
        .filter((state) => isDead(state, runtime.monotonicMs()))
        .map(({ plural }) => `${plural}: the copy does not follow any more`),
  };
}

function isDead({ lastContactMs, lastError }: CopyState, nowMs: number): boolean {
  return (
    lastError === undefined && lastContactMs !== undefined && nowMs - lastContactMs > SILENT_MS_MAX
  );
}

/** The fault of a copy, and the remedy if weir knows one. */
function problemOf({ plural, lastError }: CopyState): string | undefined {
  if (lastError === undefined) return undefined;
  const isOurs = plural === BUDGETS.plural || plural === SERVERS.plural;
  // For a group without a CRD, an API server answers 404 without a message.
  if (isOurs && /could not find the requested resource|HTTP 404/.test(lastError)) {
    return `the cluster has no ${plural} of weir's: apply its CRDs (crds/); it is asked again and again`;
  }
  return lastError;
}
