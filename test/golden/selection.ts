import type { Manifest } from "../../src/render/manifest.ts";
import { fieldOf, itemsOf, type Fields } from "../../src/json/fields.ts";
import { stringsAt, type Pod } from "./manifestPods.ts";

/** Whether a pod carries all labels of a selector; an empty one takes all. No expressions. */
export function selects(selector: Readonly<Record<string, string>>, pod: Pod): boolean {
  return Object.entries(selector).every(([label, value]) => pod.labels[label] === value);
}

/** A connection that a NetworkPolicy may allow. */
interface PodConnection {
  readonly from: Pod;
  readonly to: Pod;
  readonly port: number;
}

/**
 * Whether a cluster that enforces these NetworkPolicies lets a connection through: by the egress of
 * the one pod, if any policy isolates it, and by the ingress of the other.
 */
export function isAllowed(connection: PodConnection, manifests: readonly Manifest[]): boolean {
  const policies = manifests.filter(({ kind }) => kind === "NetworkPolicy");
  const passes = (pod: Pod, other: Pod, direction: "Ingress" | "Egress") => {
    const isolating = policies.filter(
      (policy) =>
        policy.metadata.namespace === pod.namespace &&
        selects(stringsAt(policy, "spec", "podSelector", "matchLabels"), pod) &&
        namesIn(fieldOf(policy, "spec")["policyTypes"]).includes(direction),
    );
    if (isolating.length === 0) return true;
    const [rules, peers] = direction === "Ingress" ? ["ingress", "from"] : ["egress", "to"];
    return isolating.some((policy) =>
      itemsOf(fieldOf(policy, "spec"), rules ?? "").some(
        (rule) =>
          isPort(rule, connection.port) &&
          isPeer(rule, peers ?? "", other, policy.metadata.namespace ?? ""),
      ),
    );
  };
  return (
    passes(connection.from, connection.to, "Egress") &&
    passes(connection.to, connection.from, "Ingress")
  );
}

function isPort(rule: Fields, port: number): boolean {
  return (
    rule["ports"] === undefined ||
    itemsOf(rule, "ports").some((each) => {
      const first = Number(each["port"]);
      return port >= first && port <= Number(each["endPort"] ?? first);
    })
  );
}

function isPeer(rule: Fields, peers: string, pod: Pod, own: string): boolean {
  return (
    rule[peers] === undefined ||
    itemsOf(rule, peers).some((peer) => {
      const namespaces = stringsAt(peer, "namespaceSelector", "matchLabels");
      const isThere =
        peer["namespaceSelector"] === undefined
          ? pod.namespace === own
          : Object.entries(namespaces).every(
              ([label, value]) =>
                label === "kubernetes.io/metadata.name" && value === pod.namespace,
            );
      return isThere && selects(stringsAt(peer, "podSelector", "matchLabels"), pod);
    })
  );
}

function namesIn(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}
