import { processCountOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { budgetNames, PGBOUNCER_PORT } from "../api/names.ts";
import { hba } from "../pgbouncer/hba.ts";
import { commonIni, processIni } from "../pgbouncer/ini.ts";
import { linesOf } from "../pgbouncer/lines.ts";
import type { BudgetPlan } from "../budget/plan.ts";

/** The user of images/pgbouncer: `peer` on the unix socket needs its passwd entry. */
export const PGBOUNCER_UID = 6432;

/** Where things lie in a PgBouncer pod. The ini names them, the StatefulSet mounts them. */
export const CONFIG_DIR = "/etc/pgbouncer";
const COMMON_INI = `${CONFIG_DIR}/common.ini`;
const HBA_FILE = `${CONFIG_DIR}/hba.conf`;
/** PgBouncer's userlist, from the Secret BUDGET-pgbouncer-auth. */
export const AUTH_DIR = "/etc/pgbouncer-auth";
export const AUTH_FILE = `${AUTH_DIR}/userlist.txt`;
/** Certificate and key that PgBouncer shows its clients. */
export const CLIENT_TLS_DIR = "/etc/pgbouncer-tls";
/** The CA that signed Postgres' certificate. */
export const POSTGRES_CA_DIR = "/etc/postgres-ca";
export const POSTGRES_CA_FILE = `${POSTGRES_CA_DIR}/ca.crt`;
/** Folder of the unix socket, over which alone the admin console is reached. */
export const SOCKET_DIR = "/var/run/pgbouncer";

/** The processes of a budget, by ordinal. */
export function processesOf(budget: ConnectionBudget) {
  const { name, namespace } = budget.metadata;
  const { pgbouncer, peers } = budgetNames(name);
  return Array.from({ length: processCountOf(budget) }, (_, ordinal) => ({
    /** `writing-pgbouncer-0`: also that of its pod in a cluster. */
    name: `${pgbouncer}-${ordinal}`,
    /** The name that its peers reach it by. */
    peerHost: `${pgbouncer}-${ordinal}.${peers}.${namespace}.svc`,
    iniName: `${pgbouncer}-${ordinal}.ini`,
  }));
}

/** The name by which servers reach any process of a budget. */
export function clientHost({ metadata }: ConnectionBudget): string {
  // Not up to cluster.local, which a cluster may call otherwise.
  return `${budgetNames(metadata.name).pgbouncer}.${metadata.namespace}.svc`;
}

/**
 * PgBouncer's configuration by file name: the ini that all processes share, one of its own for each
 * ordinal, and the logins it admits.
 */
export function pgbouncerFiles(
  budget: ConnectionBudget,
  plan: BudgetPlan,
): Readonly<Record<string, string>> {
  const { postgres, pgbouncer } = budget.spec;
  const lines = linesOf(budget, plan);
  const processes = processesOf(budget);
  return {
    "common.ini": commonIni(budget, lines, {
      listenAddress: "*",
      listenPort: PGBOUNCER_PORT,
      socketDir: SOCKET_DIR,
      authFile: AUTH_FILE,
      hbaFile: HBA_FILE,
      clientTls: pgbouncer.tls && {
        certFile: `${CLIENT_TLS_DIR}/tls.crt`,
        keyFile: `${CLIENT_TLS_DIR}/tls.key`,
      },
      serverTlsCaFile: postgres.tls?.caSecretRef && POSTGRES_CA_FILE,
      peers: processes.map(({ peerHost }, ordinal) => ({
        id: ordinal + 1,
        host: peerHost,
        port: PGBOUNCER_PORT,
      })),
    }),
    "hba.conf": hba(lines, pgbouncer.tls !== undefined),
    ...Object.fromEntries(
      processes.map(({ iniName }, ordinal) => [iniName, processIni(ordinal + 1, COMMON_INI)]),
    ),
  };
}
