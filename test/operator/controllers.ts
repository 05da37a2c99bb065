import type { Manifest } from "../../src/render/manifest.ts";
import { fieldOf, itemsOf, numberAt, textAt, textsOf, type Fields } from "../../src/json/fields.ts";
import { selects } from "../../src/api/selector.ts";

/** What Kubernetes' controllers, scheduler and kubelets make of objects once all is well. */
export function madeOf(objects: readonly Manifest[]): readonly Manifest[] {
  const workloads = objects.filter(({ kind }) => MAKERS.includes(kind));
  const pods = workloads.flatMap(podsOf).map((pod, index) => running(pod, index));
  const services = objects.filter(({ kind }) => kind === "Service");
  return [...pods, ...services.map((service) => sliceOf(service, pods))];
}

const MAKERS = ["Deployment", "StatefulSet", "DaemonSet"];
/** Of the one ReplicaSet that a Deployment has. */
const HASH = "abc12";

function podsOf(workload: Manifest): readonly Manifest[] {
  const { kind, apiVersion, metadata } = workload;
  const { name, namespace = "" } = metadata;
  const spec = fieldOf(workload, "spec");
  const template = fieldOf(spec, "template");
  const told = fieldOf(template, "metadata");
  const isDeployment = kind === "Deployment";
  const maker = isDeployment ? { kind: "ReplicaSet", name: `${name}-${HASH}` } : { kind, name };
  const count =
    kind === "DaemonSet"
      ? numberAt(fieldOf(workload, "status"), "desiredNumberScheduled")
      : numberAt(spec, "replicas");
  return Array.from({ length: count ?? 1 }, (_, ordinal) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      namespace,
      name: `${maker.name}-${ordinal}`,
      labels: {
        ...textsOf(fieldOf(told, "labels")),
        ...(isDeployment && { "pod-template-hash": HASH }),
      },
      annotations: fieldOf(told, "annotations"),
      ownerReferences: [{ apiVersion, ...maker, uid: `uid-${maker.name}`, controller: true }],
    },
    spec: fieldOf(template, "spec"),
  }));
}

/** Ready, at an address of its own. */
function running(pod: Manifest, index: number): Manifest {
  return {
    ...pod,
    status: {
      phase: "Running",
      podIP: `10.${1 + Math.floor(index / 250)}.0.${1 + (index % 250)}`,
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
}

function sliceOf(service: Manifest, pods: readonly Manifest[]): Manifest {
  const { name, namespace = "" } = service.metadata;
  const spec = fieldOf(service, "spec");
  const selector: Fields = { matchLabels: spec["selector"] };
  const own = pods.filter(
    ({ metadata }) => metadata.namespace === namespace && selects(selector, metadata.labels ?? {}),
  );
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      namespace,
      name: `${name}-abcde`,
      labels: { "kubernetes.io/service-name": name },
    },
    ports: itemsOf(spec["ports"]).map(({ name: port, port: number }) => ({
      name: port,
      port: number,
    })),
    endpoints: own.map((pod) => ({
      addresses: [textAt(fieldOf(pod, "status"), "podIP")],
      conditions: { ready: true },
      targetRef: { kind: "Pod", name: pod.metadata.name },
    })),
  };
}
