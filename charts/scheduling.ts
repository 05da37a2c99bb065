import type { McpServer } from "../src/api/mcpServer.ts";
import type { Labels } from "../src/api/labels.ts";

type Scheduling = Pick<
  McpServer["spec"],
  | "nodeSelector"
  | "tolerations"
  | "affinity"
  | "topologySpreadConstraints"
  | "priorityClassName"
  | "imagePullSecrets"
>;

/**
 * The scheduling fields of a pod template, by JSON pointer, as users wrote them.
 *
 * @param spread which pods to spread over the nodes when the user says nothing about it
 */
export function schedulingFields(
  spec: Scheduling,
  spread: Labels | undefined,
): Readonly<Record<string, unknown>> {
  const pod = "/spec/template/spec";
  return {
    [`${pod}/nodeSelector`]: spec.nodeSelector,
    [`${pod}/tolerations`]: spec.tolerations,
    [`${pod}/affinity`]: spec.affinity,
    [`${pod}/topologySpreadConstraints`]: constraintsOf(spec, spread),
    [`${pod}/priorityClassName`]: spec.priorityClassName,
    [`${pod}/imagePullSecrets`]: spec.imagePullSecrets,
  };
}

/** None at all where the user wants none: Kubernetes does not keep an empty list. */
function constraintsOf(
  { topologySpreadConstraints: wanted }: Scheduling,
  spread: Labels | undefined,
): readonly unknown[] | undefined {
  if (wanted !== undefined) return wanted.length === 0 ? undefined : wanted;
  return spread && [overNodes(spread)];
}

function overNodes(selector: Labels): unknown {
  return {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    // A preference: on a cluster of one node all pods must still run.
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selector },
  };
}
