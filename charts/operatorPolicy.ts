import { k8s } from "cdk8s-plus-27";
import {
  OPERATOR_NAME,
  OPERATOR_NAMESPACE,
  OPERATOR_PORT,
  PGBOUNCER_PORT,
  POSTGRES_PORT,
} from "../src/api/names.ts";
import { OPERATOR_LABELS } from "../src/api/labels.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { DNS, READERS, tcp } from "./networkPolicies.ts";

/**
 * The API server, of which a policy knows no name and no pod: it runs on the host's network, or
 * nowhere in the cluster. Policies see the port behind the Service: 443 where the cluster is rented,
 * 6443 where kubeadm, kind or k3s made it.
 */
const API_SERVER_PORTS = [443, 6443];
const LAST_PORT = 65_535;

/**
 * Who reaches the operator: readers of metrics. (A kubelet always reaches the pods of its node.)
 *
 * It reaches DNS, the API server, all pods of the cluster, and outside of it the usual ports of
 * PgBouncer and Postgres. Narrower would be blind: each server has the port that its user wrote, and
 * so has a PgBouncer or Postgres that weir did not make; none of those need carry weir's labels. Wider
 * than that, to any port of any host, would let a broken operator carry away what it read. For a
 * PgBouncer or Postgres that is outside of the cluster and on another port, one more policy is
 * needed (docs/adopt.md): policies add up.
 */
export function operatorPolicy(): Manifest {
  return k8s.KubeNetworkPolicy.manifest({
    metadata: { name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE, labels: OPERATOR_LABELS },
    spec: {
      podSelector: { matchLabels: OPERATOR_LABELS },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: READERS, ports: [tcp(OPERATOR_PORT)] }],
      egress: [
        ...DNS,
        { ports: API_SERVER_PORTS.map((port) => tcp(port)) },
        { to: [{ namespaceSelector: {} }], ports: [tcp(1, LAST_PORT)] },
        { ports: [tcp(PGBOUNCER_PORT), tcp(POSTGRES_PORT)] },
      ],
    },
  });
}
