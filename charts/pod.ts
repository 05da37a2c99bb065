import { JsonPatch } from "cdk8s";
import { k8s } from "cdk8s-plus-27";
import { SCHEDULING } from "../src/api/kubernetes.ts";
import type { Labels } from "../src/api/labels.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import type { Manifest } from "../src/render/manifest.ts";

/** Fields that all pods of weir's share. */

/** A pod that Pod Security "restricted" lets in. */
export const RESTRICTED_POD: k8s.PodSecurityContext = {
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};

/** A container that Pod Security "restricted" lets in; it can write to its volumes alone. */
export const RESTRICTED_CONTAINER: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

/** A pod of one such container, which asks nothing of the API server, with its volumes. */
export function restrictedPod(
  container: k8s.Container,
  volumes: readonly ReturnType<typeof mounted>[],
  securityContext = RESTRICTED_POD,
): k8s.PodSpec {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext,
    containers: [
      {
        ...container,
        securityContext: RESTRICTED_CONTAINER,
        volumeMounts: volumes.map(({ mount }) => mount),
      },
    ],
    volumes: volumes.map(({ volume }) => volume),
  };
}

/** A restricted pod that runs as the user who owns its volumes. */
export function runAs(uid: number): k8s.PodSecurityContext {
  return { ...RESTRICTED_POD, runAsUser: uid, runAsGroup: uid, fsGroup: uid };
}

/** A volume of a pod, and where its one container has it. */
export function mounted(
  volume: k8s.Volume,
  mountPath: string,
  access?: { readonly readOnly: true },
) {
  return { volume, mount: { name: volume.name, mountPath, ...access } };
}

/** Keys of a Secret or ConfigMap as files of the same names. */
export function files(...keys: readonly string[]): k8s.KeyToPath[] {
  return keys.map((key) => ({ key, path: key }));
}

type ContainerResources = NonNullable<McpServer["spec"]["resources"]>;
type Amounts = NonNullable<ContainerResources["requests"]>;

/**
 * A container's resources. What the user neither requests nor limits gets a default request: an
 * autoscaler on CPU needs one. A limit without a request is left so, since Kubernetes then requests
 * as much as the limit, and a default might be more.
 */
export function resourcesOf(
  resources: ContainerResources | undefined,
  defaults: Amounts,
): k8s.ResourceRequirements {
  const limits = resources?.limits ?? {};
  const requests = {
    ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !(name in limits))),
    ...resources?.requests,
  };
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits: quantities(limits) }),
    ...(Object.keys(requests).length === 0 ? {} : { requests: quantities(requests) }),
  };
}

/** As text, which is how Kubernetes keeps them: a number would be a change in each apply. */
function quantities(amounts: Amounts): Record<string, k8s.Quantity> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [
      name,
      k8s.Quantity.fromString(String(amount)),
    ]),
  );
}

type Scheduling = Partial<Pick<McpServer["spec"], (typeof SCHEDULING)[number]>>;

/**
 * The scheduling fields of a pod template, by JSON pointer, as users wrote them.
 *
 * @param spread which pods to spread over the nodes when the user says nothing about it
 */
export function schedulingFields(
  spec: Scheduling,
  spread: Labels | undefined,
): Readonly<Record<string, unknown>> {
  const constraints = spec.topologySpreadConstraints ?? (spread ? [overNodes(spread)] : []);
  const fields: Scheduling = {
    ...spec,
    // Undefined instead of an empty list, which Kubernetes does not keep.
    topologySpreadConstraints: constraints.length === 0 ? undefined : constraints,
  };
  return Object.fromEntries(
    SCHEDULING.map((field) => [`/spec/template/spec/${field}`, fields[field]]),
  );
}

function overNodes(selector: Labels): Record<string, unknown> {
  return {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    // A preference: on a cluster of one node all pods must still run.
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selector },
  };
}

/**
 * The manifest with further fields, by JSON pointer; those that are undefined are left out. It is
 * changed in place.
 *
 * For what cdk8s-plus-27 can't carry: its objects silently drop every field that Kubernetes 1.27
 * did not know, and plain numbers where a count or a percentage may stand. So what users hand on,
 * and newer fields, come in after its classes are done.
 */
export function patched<T extends Manifest>(
  manifest: T,
  fields: Readonly<Record<string, unknown>>,
): T {
  const operations = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([pointer, value]) => JsonPatch.add(pointer, value));
  return operations.length === 0 ? manifest : JsonPatch.apply(manifest, ...operations);
}
