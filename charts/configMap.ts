import { k8s } from "cdk8s-plus-27";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import { budgetNames, PGBOUNCER_PORT } from "../src/api/names.ts";
import type { BudgetPlan } from "../src/budget/plan.ts";
import { hba } from "../src/pgbouncer/hba.ts";
import { commonIni, processIni } from "../src/pgbouncer/ini.ts";
import { linesOf } from "../src/pgbouncer/lines.ts";
import { contentHash } from "./contentHash.ts";
import { pgbouncerLabels } from "./labels.ts";
import type { Manifest } from "./manifest.ts";
import {
  AUTH_FILE,
  CLIENT_TLS_DIR,
  COMMON_INI,
  HBA_FILE,
  POSTGRES_CA_FILE,
  SOCKET_DIR,
} from "./pgbouncerPaths.ts";

/**
 * PgBouncer's configuration: the ini that all processes share, one of its own for each ordinal, and
 * who may log in. It is immutable and named by its content, so that no container picks up a change
 * early: the StatefulSet names the new one and rolls its pods.
 */
export function configMap(budget: ConnectionBudget, plan: BudgetPlan): Manifest {
  const { name, namespace } = budget.metadata;
  const { pgbouncer } = budgetNames(name);
  const data = files(budget, plan);
  return k8s.KubeConfigMap.manifest({
    metadata: {
      name: `${pgbouncer}-${contentHash(JSON.stringify(data))}`,
      namespace,
      labels: pgbouncerLabels(name),
    },
    immutable: true,
    data,
  });
}

function files(budget: ConnectionBudget, plan: BudgetPlan): Record<string, string> {
  const { name, namespace } = budget.metadata;
  const { postgres, pgbouncer } = budget.spec;
  const names = budgetNames(name);
  const lines = linesOf(budget, plan);
  const ordinals = Array.from({ length: pgbouncer.replicas }, (_, ordinal) => ordinal);
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
      peers: ordinals.map((ordinal) => ({
        id: ordinal + 1,
        host: `${names.pgbouncer}-${ordinal}.${names.peers}.${namespace}.svc`,
        port: PGBOUNCER_PORT,
      })),
    }),
    "hba.conf": hba(lines, pgbouncer.tls !== undefined),
    ...Object.fromEntries(
      ordinals.map((ordinal) => [
        `${names.pgbouncer}-${ordinal}.ini`,
        processIni(ordinal + 1, COMMON_INI),
      ]),
    ),
  };
}
