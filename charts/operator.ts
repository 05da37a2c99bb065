import { k8s } from "cdk8s-plus-27";
import { crds } from "../src/api/crd.ts";
import { OPERATOR_NAME, OPERATOR_NAMESPACE, OPERATOR_PORT } from "../src/api/names.ts";
import { header, manifestStream, type Manifest } from "../src/render/manifest.ts";
import { OPERATOR_LABELS } from "../src/api/labels.ts";
import type { ManifestFile } from "./manifestFiles.ts";
import { namespace } from "./namespace.ts";
import { operatorAccess } from "./operatorAccess.ts";
import { METRICS_PORT_NAME, operatorDeployment } from "./operatorDeployment.ts";
import { operatorPolicy } from "./operatorPolicy.ts";
import { podDisruptionBudget } from "./podDisruptionBudget.ts";

/**
 * All that the operator needs in a cluster, in an order that can be applied: the kinds that it
 * watches, its namespace, its rights, then its pods. The same for every fleet.
 */
export function operatorObjects(): readonly Manifest[] {
  const metadata = { name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE, labels: OPERATOR_LABELS };
  return [
    ...crds(),
    namespace(OPERATOR_NAMESPACE),
    ...operatorAccess(),
    operatorPolicy(),
    metricsService(),
    podDisruptionBudget(metadata, OPERATOR_LABELS),
    operatorDeployment(),
  ];
}

/** Where metrics are read: of every pod, not of one of them, hence without an address. */
function metricsService(): Manifest {
  return k8s.KubeService.manifest({
    metadata: { name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE, labels: OPERATOR_LABELS },
    spec: {
      clusterIp: "None",
      selector: OPERATOR_LABELS,
      ports: [
        {
          name: METRICS_PORT_NAME,
          port: OPERATOR_PORT,
          targetPort: k8s.IntOrString.fromString(METRICS_PORT_NAME),
        },
      ],
    },
  });
}

const WARNING =
  "# kubectl delete with this file deletes the kinds too, and with them every ConnectionBudget and\n" +
  "# McpServer of the cluster: docs/install.md says how to remove the operator alone.\n";

/**
 * The one file to apply. In a folder below the fleet's, into which `kubectl apply -f manifests/`
 * does not look: a fleet needs no operator.
 */
export function operatorFile(): ManifestFile {
  return {
    name: "operator/weir-operator.yaml",
    text: header("the operator") + WARNING + manifestStream(operatorObjects()),
  };
}
