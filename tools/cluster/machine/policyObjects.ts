import { z } from "zod";

import type { KubeObject } from "../../../src/kube/object.ts";

// The API server has checked all of these: what is read of them is only given its type.

const LABELS = z.record(z.string(), z.string());

const SELECTOR = z.object({
  matchLabels: LABELS.optional(),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});

const PEERS = z.array(
  z.object({
    podSelector: SELECTOR.optional(),
    namespaceSelector: SELECTOR.optional(),
    ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()).optional() }).optional(),
  }),
);

const PORTS = z.array(
  z.object({
    protocol: z.string().default("TCP"),
    port: z.union([z.number(), z.string()]).optional(),
    endPort: z.number().optional(),
  }),
);

const POLICY = z.object({
  metadata: z.object({ namespace: z.string() }),
  spec: z.object({
    podSelector: SELECTOR,
    policyTypes: z.array(z.string()),
    ingress: z.array(z.object({ from: PEERS.default([]), ports: PORTS.default([]) })).default([]),
    egress: z.array(z.object({ to: PEERS.default([]), ports: PORTS.default([]) })).default([]),
  }),
});

const POD = z.object({
  metadata: z.object({ uid: z.string(), namespace: z.string(), labels: LABELS.default({}) }),
  spec: z.object({
    hostNetwork: z.boolean().default(false),
    containers: z.array(
      z.object({
        ports: z
          .array(z.object({ name: z.string().optional(), containerPort: z.number() }))
          .default([]),
      }),
    ),
  }),
  status: z.object({ phase: z.string().optional(), podIP: z.string().optional() }).default({}),
});

const NAMESPACE = z.object({
  metadata: z.object({ name: z.string(), labels: LABELS.default({}) }),
});

/** Whom a rule lets in, or lets a pod talk to. */
export type Peer = z.infer<typeof PEERS>[number];
export type Port = z.infer<typeof PORTS>[number];
/** What of a NetworkPolicy is enforced: all that its specification has, for IPv4. */
export type Policy = z.infer<typeof POLICY>["spec"] & { readonly namespace: string };

/** A pod, as far as NetworkPolicies know it. */
export interface PolicyPod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ip: string;
  /** The ports that have a name. */
  readonly namedPorts: readonly { readonly name: string; readonly port: number }[];
}

/** A pod whose address may not be known yet. */
type KnownPod = Omit<PolicyPod, "ip"> & {
  readonly uid: string;
  readonly ip: string | undefined;
};

/** A namespace, as far as NetworkPolicies know it. */
type PolicyNamespace = z.infer<typeof NAMESPACE>["metadata"];

/** A pod that has an address of its own, or will have, until it has ended; else undefined. */
export function podOf(object: KubeObject): KnownPod | undefined {
  const { metadata, spec, status } = POD.parse(object);
  const { phase, podIP: ip } = status;
  const hasEnded = phase === "Succeeded" || phase === "Failed";
  if (hasEnded || spec.hostNetwork) return undefined;
  const ports = spec.containers.flatMap(({ ports: listed }) => listed);
  const namedPorts = ports.flatMap(({ name, containerPort: port }) =>
    name === undefined ? [] : { name, port },
  );
  return { ...metadata, ip, namedPorts };
}

export function namespaceOf(object: KubeObject): PolicyNamespace {
  return NAMESPACE.parse(object).metadata;
}

export function policyOf(object: KubeObject): Policy {
  const { metadata, spec } = POLICY.parse(object);
  return { ...spec, ...metadata };
}
