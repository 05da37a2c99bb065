import type { MissingQuantity } from "../system.ts";
import { completed, isLoopback, type Endpoint } from "./addresses.ts";
import type { ConnectionTarget } from "./connectionTargets.ts";
import { tellTarget } from "./annotations.ts";
import { missing } from "./quantities.ts";
import { hasPlaceholder, renderPlaceholders } from "./placeholders.ts";
import { runningContainers } from "./pgbouncerPods.ts";
import type { AuditContext } from "./auditContext.ts";
import type { Workload } from "./workloads.ts";

/** What an aim leads to, and what stands in the way of knowing it. */
export interface ResolvedTarget {
  readonly endpoints: readonly Endpoint[];
  readonly missing?: MissingQuantity;
}

const NOWHERE: ResolvedTarget = { endpoints: [] };

/** Where the connections of a workload's pods go that mean to go there. */
export function resolveTarget(
  aim: ConnectionTarget,
  container: string,
  workload: Workload,
  { book, poolers, behind }: AuditContext,
): ResolvedTarget {
  const { host, port, place, by, isDatabase } = aim;
  const tell = tellTarget(workload, container);
  if (isLoopback(host)) {
    const beside = poolers.filter(
      (pooler) =>
        pooler.workload === workload && (port === undefined || pooler.ports.includes(port)),
    );
    const endpoints = beside.map(({ name }) => ({ kind: "pooler" as const, name }));
    const isForwarded =
      endpoints.length === 0 && isDatabase && poolers.length > 0 && hasForwarder(workload);
    return isForwarded
      ? { endpoints, missing: behindLocalhost(aim, workload, tell) }
      : { endpoints };
  }
  const resolved = book.resolve(host, port, workload.namespace);
  switch (resolved.kind) {
    case "found":
      return { endpoints: resolved.endpoints };
    case "outside": {
      if (!isDatabase) return NOWHERE;
      const address = completed(resolved.host, port ?? 5432, workload.namespace);
      return { endpoints: [{ kind: "postgres", address }] };
    }
    case "unknown": {
      if (!isDatabase || poolers.length === 0) return NOWHERE;
      // By this very name a pooler reaches its Postgres: past the pooler, to the same.
      const address = completed(host, port ?? 5432, workload.namespace);
      if (!hasPlaceholder(host) && behind.has(address)) {
        return { endpoints: [{ kind: "postgres", address }] };
      }
      const why = hasPlaceholder(host)
        ? `${renderPlaceholders(host)} is not among the objects`
        : resolved.why;
      const what = `where ${by} of ${workload.key} leads: ${why}`;
      return { endpoints: [], missing: missing(what, place, tell) };
    }
    case "elsewhere": {
      if (!isPostgresAim(aim) || poolers.length === 0) return NOWHERE;
      const what = `where ${by} of ${workload.key} leads: to pods that are no PgBouncer and no Postgres that weir knows`;
      return { endpoints: [], missing: missing(what, place, tell) };
    }
    default:
      return NOWHERE;
  }
}

/** Surely Postgres' protocol, and not that of another store which has hosts and databases too. */
function isPostgresAim({ by, isDatabase, isUrl }: ConnectionTarget): boolean {
  return isDatabase && (isUrl || /POSTGRES|^PGHOST/i.test(by));
}

/** Whether another container of the pod may pass connections on: a proxy of a cloud, a tunnel. */
function hasForwarder(workload: Workload): boolean {
  return runningContainers(workload).some((container) =>
    FORWARDER.test(container.at("image").text() ?? ""),
  );
}

const FORWARDER =
  /sql-?proxy|auth-proxy|haproxy|envoy|nginx|socat|ssh|tunnel|ghostunnel|stunnel|chisel|frp|teleport/i;

function behindLocalhost(
  { by, place }: ConnectionTarget,
  { key }: Workload,
  tell: string,
): MissingQuantity {
  const what = `where ${by} of ${key} leads: to a port of its own pod, which another container there passes on`;
  return missing(what, place, tell);
}
