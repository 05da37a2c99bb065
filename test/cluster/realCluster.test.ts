import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { podProgramImage } from "../../tools/cluster/machine/images.ts";
import { REAL_CLUSTER_START_TIMEOUT_MS } from "../../tools/cluster/newCluster.ts";
import { namespaceOfTest, type TestNamespace } from "./testNamespace.ts";
import { podAsks, podKnocks, SHUT_OUT } from "./podAsks.ts";
import { ANNOTATIONS_PATH, deployment, pod, service } from "./podManifests.ts";
import { type RealCluster, startRealCluster } from "./realCluster.ts";
import { logMeasured } from "../measured.ts";

/** What the suite relies on, of any cluster that it is given. */

const NAME = "weir-real-cluster";
const PORT = 8080;
const WEB = { app: "web" };

vi.setConfig({ testTimeout: 600_000 });

const URL = `http://web.${NAME}.svc.cluster.local/`;

let cluster: RealCluster;
let namespace: TestNamespace;
let image: string;

beforeAll(async () => {
  const podProgram = await podProgramImage();
  image = podProgram.name;
  const startedMs = performance.now();
  cluster = await startRealCluster();
  measured("a cluster with DNS is up", startedMs);
  await cluster.loadImage(podProgram.archivePath);
  namespace = await namespaceOfTest(cluster, NAME);
  await namespace.apply(
    deployment("web", NAME, {
      image,
      args: ["serve", `:${PORT}`],
      labels: WEB,
      port: PORT,
      replicas: 3,
    }),
    service("web", NAME, WEB, PORT),
    pod("friend", NAME, { image, args: [], labels: { role: "friend" } }),
    pod("stranger", NAME, { image, args: [], labels: { role: "stranger" } }),
  );
  const appliedMs = performance.now();
  await namespace.kubectl("rollout", "status", "deployment/web", "--timeout=600s");
  measured("a Deployment of 3 is available", appliedMs);
  await namespace.kubectl("wait", "--for=condition=Ready", "--timeout=600s", "pod", "--all");
}, REAL_CLUSTER_START_TIMEOUT_MS);

afterAll(() => cluster?.stop());

function measured(what: string, sinceMs: number): void {
  logMeasured(`${what} after ${Math.round(performance.now() - sinceMs)} ms`);
}

/** What the pod program says in a pod. */
function run(podName: string, ...args: readonly string[]): Promise<string> {
  return namespace.kubectl("exec", podName, "--", "/pod-program", ...args);
}

test("every node is Ready", async () => {
  const path = '{.items[*].status.conditions[?(@.type=="Ready")].status}';
  const { stdout } = await cluster.kubectl(["get", "nodes", `--output=jsonpath=${path}`]);
  expect(new Set(stdout.split(" "))).toEqual(new Set(["True"]));
});

test("a pod reaches another one by the name of its Service", async () => {
  // The pods are Ready a moment before their Service leads to them.
  await expect.poll(() => podKnocks(namespace, "friend", URL)).toMatch(/^web-\S+ to /);
});

test("a name that is not there is reported at once", async () => {
  await expect(podAsks(namespace, "friend", "http://nobody.example.org/")).rejects.toThrow(
    "no such host",
  );
});

test("a command in a pod gives its output and its failure", async () => {
  const startedMs = performance.now();
  expect(await run("friend", "cat", "/proc/self/comm")).toBe("pod-program\n");
  measured("an exec has its answer", startedMs);
  await expect(run("friend", "cat", "/nothing")).rejects.toThrow("no such file");
});

test("a changed annotation reaches the pod", async () => {
  expect(await run("friend", "cat", ANNOTATIONS_PATH)).not.toContain("limit");
  const startedMs = performance.now();
  await namespace.kubectl("annotate", "pod/friend", "limit=7");
  await expect.poll(() => run("friend", "cat", ANNOTATIONS_PATH)).toContain('limit="7"');
  measured("an annotation is in the pod", startedMs);
});

test("a NetworkPolicy lets in whom it names, and nobody else", async () => {
  expect(await podAsks(namespace, "stranger", URL)).toMatch(/^web-/);
  await namespace.apply({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "web", namespace: NAME },
    spec: {
      podSelector: { matchLabels: WEB },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { role: "friend" } } }],
          ports: [{ port: PORT, endPort: PORT + 1 }],
        },
      ],
    },
  });
  await expect.poll(() => podKnocks(namespace, "stranger", URL)).toMatch(SHUT_OUT);
  expect(await podAsks(namespace, "friend", URL)).toMatch(/^web-/);

  await namespace.kubectl("label", "pod/stranger", "role=friend", "--overwrite");
  await expect.poll(() => podKnocks(namespace, "stranger", URL)).toMatch(/^web-/);
  await namespace.kubectl("delete", "networkpolicy", "web");
});

test("a HorizontalPodAutoscaler scales by the CPU that pods use", async () => {
  const labels = { app: "busy" };
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: "busy" };
  await namespace.apply(deployment("busy", NAME, { image, args: ["burn"], labels, replicas: 1 }), {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "busy", namespace: NAME },
    spec: {
      scaleTargetRef: target,
      maxReplicas: 2,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
        },
      ],
    },
  });
  const startedMs = performance.now();
  const replicas = () =>
    namespace.kubectl("get", "deployment/busy", "--output=jsonpath={.spec.replicas}");
  await expect.poll(replicas, { timeout: 540_000, interval: 500 }).toBe("2");
  measured("an autoscaler has doubled a busy Deployment", startedMs);
});
