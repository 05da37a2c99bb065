import { KubeRefusal } from "../kube/kubeError.ts";
import type { LeaseName } from "../kube/leaseRecord.ts";
import type { Problems } from "./logOnChange.ts";

/** Whether this process could lead, should its Lease be free. */
export interface LeaseHealth {
  readonly answered: () => void;
  readonly failed: (error: unknown) => void;
  /** Why it could not; none: it could, or an API server that is away keeps it from asking again. */
  readonly missing: () => readonly string[];
}

const FORBIDDEN = 403;

/**
 * One that may not have the Lease never leads, however well it follows the cluster: were it ready, a
 * rollout would end with such ones alone, and the last one that wrote statuses would be gone.
 */
export function leaseHealth(
  { namespace, name }: LeaseName,
  tell: (complaints: Problems) => void,
): LeaseHealth {
  let wrong: string | undefined = "not asked for yet";
  return {
    answered: () => {
      wrong = undefined;
      tell(new Map([["lease", undefined]]));
    },
    failed: (error) => {
      const message = error instanceof Error ? error.message : "";
      const isForbidden = error instanceof KubeRefusal && error.status === FORBIDDEN;
      if (wrong !== undefined || isForbidden) wrong = message;
      tell(new Map([["lease", message]]));
    },
    missing: () => (wrong === undefined ? [] : [`Lease ${namespace}/${name}: ${wrong}`]),
  };
}
