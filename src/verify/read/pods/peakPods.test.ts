import { describe, expect, it } from "vitest";
import { readObjects } from "../readObjects.ts";
import { figure } from "../../../../test/verify/systemText.ts";
import { ADAPTERS } from "../../adapters/adapters.ts";
import { PRODUCTS } from "../../../../test/verify/products.ts";
import { adapterScalers, adapterWorkloads } from "../adapter.ts";
import { Inventory } from "../objects/inventory.ts";
import { Scalers } from "./peakPods.ts";
import { workloadsOf } from "./workloads.ts";

const CONTAINERS = "{ spec: { containers: [{ name: a, image: a }] } }";

function pods(text: string): readonly (number | string | undefined)[] {
  const { objects } = readObjects([{ name: "a.yaml", text }]);
  const inventory = new Inventory(objects, new Map(), PRODUCTS.knowledge);
  const scalers = new Scalers(inventory, adapterScalers(ADAPTERS));
  return workloadsOf(inventory, scalers, adapterWorkloads(ADAPTERS), new Set()).map((one) =>
    figure(one.pods),
  );
}

function workload(apiVersion: string, kind: string, spec: string, path = "template"): string {
  return `
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: w, namespace: n }
spec: { ${spec}${spec === "" ? "" : ", "}${path}: ${CONTAINERS} }
---
`;
}

const HPA = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: h, namespace: n }
spec: { scaleTargetRef: { kind: Deployment, name: w }, maxReplicas: 7 }
`;

function scaledObject(spec: string): string {
  return `
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: s, namespace: n }
spec: { scaleTargetRef: { name: w }${spec} }
`;
}

const NODES = "how many nodes a DaemonSet's pods run on";
const ALLOW = "how many of its jobs run at once: concurrencyPolicy Allow bounds them by nothing";
const KIND = "how many pods of it there can be: its kind is not known";

const scaledJob = (spec: string) => `
apiVersion: keda.sh/v1alpha1
kind: ScaledJob
metadata: { name: w, namespace: n }
spec: { ${spec} jobTargetRef: { backoffLimit: 0, template: ${CONTAINERS} } }
`;

const annotated = (value: string) => `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: w, namespace: n, annotations: { weir.dev/pods: ${JSON.stringify(value)} } }
spec: { template: ${CONTAINERS} }
`;

describe("peak pods", () => {
  it.each([
    ["Deployment", workload("apps/v1", "Deployment", ""), 2],
    ["Deployment of 3", workload("apps/v1", "Deployment", "replicas: 3"), 6],
    ["Recreate", workload("apps/v1", "Deployment", "replicas: 3, strategy: { type: Recreate }"), 3],
    [
      "maxSurge beyond all",
      workload("apps/v1", "Deployment", 'strategy: { rollingUpdate: { maxSurge: "300%" } }'),
      4,
    ],
    [
      "a count of maxSurge beyond all",
      workload(
        "apps/v1",
        "Deployment",
        "replicas: 2, strategy: { rollingUpdate: { maxSurge: 3 } }",
      ),
      5,
    ],
    [
      "maxSurge of an autoscaler's most",
      workload("apps/v1", "Deployment", 'strategy: { rollingUpdate: { maxSurge: "150%" } }') + HPA,
      18,
    ],
    [
      "maxSurge of all",
      workload(
        "apps/v1",
        "Deployment",
        'replicas: 3, strategy: { rollingUpdate: { maxSurge: "100%" } }',
      ),
      6,
    ],
    [
      "maxSurge with Recreate",
      workload(
        "apps/v1",
        "Deployment",
        'strategy: { type: Recreate, rollingUpdate: { maxSurge: "300%" } }',
      ),
      1,
    ],
    ["asleep", workload("apps/v1", "Deployment", "replicas: 0"), 0],
    ["HPA", workload("apps/v1", "Deployment", "replicas: 3") + HPA, 14],
    ["HPA below replicas", workload("apps/v1", "Deployment", "replicas: 9") + HPA, 18],
    ["asleep with HPA", workload("apps/v1", "Deployment", "replicas: 0") + HPA, 14],
    ["KEDA", workload("apps/v1", "Deployment", "") + scaledObject(", maxReplicaCount: 4"), 8],
    ["KEDA's default", workload("apps/v1", "Deployment", "") + scaledObject(""), 200],
    ["StatefulSet", workload("apps/v1", "StatefulSet", "replicas: 3"), 3],
    ["ReplicaSet", workload("apps/v1", "ReplicaSet", "replicas: 3"), 3],
    ["ReplicationController", workload("v1", "ReplicationController", "replicas: 2"), 2],
    ["Rollout", workload("argoproj.io/v1alpha1", "Rollout", "replicas: 2"), 4],
    ["DeploymentConfig", workload("apps.openshift.io/v1", "DeploymentConfig", "replicas: 2"), 4],
    ["DaemonSet", workload("apps/v1", "DaemonSet", ""), NODES],
    ["Job", workload("batch/v1", "Job", ""), 2],
    ["Job of 4", workload("batch/v1", "Job", "parallelism: 4, completions: 3"), 6],
    ["Job, once", workload("batch/v1", "Job", "backoffLimit: 0"), 1],
    ["Job, Failed", workload("batch/v1", "Job", "podReplacementPolicy: Failed, parallelism: 2"), 2],
    ["Job, suspended", workload("batch/v1", "Job", "suspend: true"), 0],
    ["an unknown kind", workload("serving.knative.dev/v1", "Service", ""), KIND],
    [
      "Job, text",
      workload("batch/v1", "Job", "parallelism: many"),
      "how many pods the Job has at once",
    ],
  ])("%s", (_, text, expected) => {
    expect(pods(text)).toEqual([expected]);
  });

  it.each([
    ["Forbid", "concurrencyPolicy: Forbid", 2],
    ["Replace", "concurrencyPolicy: Replace", 4],
    ["Allow", "concurrencyPolicy: Allow", ALLOW],
    ["not said", "schedule: daily", ALLOW],
    ["suspended", "suspend: true", 0],
  ])("CronJob, %s", (_, spec, expected) => {
    const text = `
apiVersion: batch/v1
kind: CronJob
metadata: { name: w, namespace: n }
spec: { ${spec}, jobTemplate: { spec: { template: ${CONTAINERS} } } }
`;
    expect(pods(text)).toEqual([expected]);
  });

  it("ScaledJob", () => {
    expect(pods(scaledJob("maxReplicaCount: 3,"))).toEqual([3]);
    expect(pods(scaledJob(""))).toEqual([100]);
  });

  it("of a Deployment that a Rollout refers to: what the Rollout has", () => {
    const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: r, namespace: n }
spec: { replicas: 3, workloadRef: { kind: Deployment, name: w } }
---
`;
    const deployment = workload("apps/v1", "Deployment", "replicas: 0");
    expect(pods(rollout + deployment)).toEqual([6]);
    const scaled = HPA.replace("kind: Deployment, name: w", "kind: Rollout, name: r");
    expect(pods(rollout + deployment + scaled)).toEqual([14]);
    const circle = rollout.replace("kind: Deployment, name: w", "kind: Rollout, name: r");
    expect(pods(circle + deployment + scaled)).toEqual([0]);
  });

  it("by an autoscaler of another kind, if it says its maximum", () => {
    const other = HPA.replace("autoscaling/v2", "example.com/v1").replace("Horizontal", "Other");
    const deployment = workload("apps/v1", "Deployment", "");
    expect(pods(deployment + other)).toEqual([14]);
    expect(pods(deployment + other.replace("maxReplicas", "upTo"))).toEqual([
      "the autoscaler's maximum",
    ]);
  });

  it("by annotation, on the template or the object", () => {
    expect(pods(annotated("5"))).toEqual([5]);
    expect(pods(annotated("five"))).toEqual([
      "how many pods there can be: weir.dev/pods is no whole number",
    ]);
  });

  it("what another object among them makes is not counted once more", () => {
    const made = workload("apps/v1", "ReplicaSet", "replicas: 1").replace(
      "namespace: n }",
      "namespace: n, ownerReferences: [{ kind: Deployment, name: w, controller: true }] }",
    );
    expect(pods(made)).toEqual([1]);
    expect(pods(workload("apps/v1", "Deployment", "") + made)).toEqual([2]);
  });
});
