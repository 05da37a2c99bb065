import type { ConnectionBudget } from "./connectionBudget.ts";

/** One Postgres, named so that two budgets that mean the same one say the same. */
interface PostgresAddress {
  /** Full host name in lower case without the last dot, or an IP address. */
  readonly host: string;
  readonly port: number;
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/**
 * Where a budget's Postgres is. Names are completed as in the cluster: `pg` in namespace `db`,
 * `pg.db` and `pg.db.svc` are all `pg.db.svc.cluster.local`; `pg-0.pg.db.svc` likewise; another name of
 * three labels or more is full.
 * A name of two labels outside the cluster (`example.com`) is completed too: still one name for one
 * Postgres.
 */
export function postgresAddressOf(budget: {
  readonly metadata: Pick<ConnectionBudget["metadata"], "namespace">;
  readonly spec: {
    readonly postgres: Pick<ConnectionBudget["spec"]["postgres"], "host" | "port">;
  };
}): PostgresAddress {
  const { host, port } = budget.spec.postgres;
  return { host: completed(host, budget.metadata.namespace), port };
}

/** `HOST:PORT`, with brackets around an IPv6 address. */
export function formatPostgresAddress({ host, port }: PostgresAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function completed(host: string, namespace: string): string {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (name.includes(":")) return canonicalIpv6(name);
  if (IPV4.test(name)) return name;
  const labels = name.split(".");
  if (labels.length === 1) return `${name}.${namespace}.svc.cluster.local`;
  if (labels.length === 2) return `${name}.svc.cluster.local`;
  return labels.at(-1) === "svc" ? `${name}.cluster.local` : name;
}

/** One spelling of an address: `2001:0db8::1` is `2001:db8::1`. What is none stays as it is. */
function canonicalIpv6(address: string): string {
  const url = URL.parse(`http://[${address}]`);
  return url === null ? address : url.hostname.slice(1, -1);
}
