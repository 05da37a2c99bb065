import type { ConnectionBudget } from "../api/connectionBudget.ts";

/** What of a budget says where its PgBouncer is. */
export interface PlacedBudget {
  readonly metadata: Pick<ConnectionBudget["metadata"], "name" | "namespace">;
  readonly spec: {
    readonly pgbouncer: {
      readonly existing?:
        | Pick<NonNullable<ConnectionBudget["spec"]["pgbouncer"]["existing"]>, "host" | "port">
        | undefined;
    };
  };
}

/**
 * The Service of the cluster that `existing.host` may name, as `namespace/name`: `pg`, `pg.db`,
 * `pg.db.svc` and `pg.db.svc.cluster.local` do. Whether there is one is another question.
 */
export function serviceKeyOf({ metadata, spec }: PlacedBudget): string | undefined {
  const host = spec.pgbouncer.existing?.host.toLowerCase().replace(/\.$/, "");
  if (host === undefined || host.includes(":") || /^[\d.]+$/.test(host)) return undefined;
  const [name = "", namespace = metadata.namespace, ...rest] = host.split(".");
  const end = rest.join(".");
  return ["", "svc", "svc.cluster.local"].includes(end) ? `${namespace}/${name}` : undefined;
}
