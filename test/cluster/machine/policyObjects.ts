import type { KubeObject } from "../../../src/kube/list.ts";
import type { Policy, PolicyPod } from "./networkPolicies.ts";

type Labels = Readonly<Record<string, string>>;

// The API server has checked all of them: they have the fields that their kinds have.
interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Labels;
}

interface Pod {
  readonly metadata: Metadata;
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

/** A pod that has an address of its own, until it has ended. */
export function podOf(object: KubeObject): PolicyPod | undefined {
  const { metadata, spec, status = {} } = object as unknown as Pod;
  const { phase, podIP } = status;
  if (podIP === undefined || phase === "Succeeded" || phase === "Failed") return undefined;
  if (spec.hostNetwork === true) return undefined;
  const ports = spec.containers.flatMap(({ ports: listed = [] }) => listed);
  return {
    namespace: metadata.namespace,
    labels: metadata.labels ?? {},
    ip: podIP,
    namedPorts: ports.flatMap(({ name, containerPort: port }) =>
      name === undefined ? [] : { name, port },
    ),
  };
}

export function namespaceOf(object: KubeObject): {
  readonly name: string;
  readonly labels: Labels;
} {
  const { metadata } = object as unknown as { readonly metadata: Metadata };
  return { name: metadata.name, labels: metadata.labels ?? {} };
}

export function policyOf(object: KubeObject): Policy {
  const { metadata, spec } = object as unknown as {
    readonly metadata: Metadata;
    readonly spec: Omit<Policy, "namespace">;
  };
  return { ...spec, namespace: metadata.namespace };
}
