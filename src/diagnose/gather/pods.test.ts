import { expect, test } from "vitest";
import type { ManifestObject } from "../../verify/sourcePosition.ts";
import { consoleRoutes } from "./findPgBouncers.ts";
import { podOf, runningPods } from "./pods.ts";

function object(kind: string, name: string, value: Record<string, unknown>): ManifestObject {
  return {
    file: "https://cluster",
    kind,
    apiVersion: "v1",
    name,
    namespace: "writing",
    value,
    positionOf: () => ({ line: 1, column: 1 }),
  };
}

function ownedBy(kind: string, name: string): Record<string, unknown> {
  return { ownerReferences: [{ kind, name, controller: true }] };
}

const RUNNING = { phase: "Running", podIP: "10.0.0.7", podIPs: [{ ip: "10.0.0.7" }] };

test.each([
  [
    "a ReplicaSet's is its Deployment's",
    ownedBy("ReplicaSet", "author-1"),
    "Deployment writing/author",
  ],
  [
    "a ReplicaSet that nobody made is its own",
    ownedBy("ReplicaSet", "alone"),
    "ReplicaSet writing/alone",
  ],
  ["others are their owner's", ownedBy("StatefulSet", "db"), "StatefulSet writing/db"],
  ["one that nobody made is its own", {}, "Pod writing/pod"],
  [
    "an owner that does not control it",
    { ownerReferences: [{ kind: "X", name: "x" }] },
    "Pod writing/pod",
  ],
])("%s", (_, metadata, workload) => {
  const objects = [
    object("ReplicaSet", "author-1", { metadata: ownedBy("Deployment", "author") }),
    object("ReplicaSet", "alone", { metadata: {} }),
    object("Pod", "pod", { metadata, status: RUNNING }),
  ];

  expect(runningPods(objects).map((pod) => pod.workload)).toEqual([workload]);
});

test("what has ended holds nothing, and its address may be another's", () => {
  const pods = ["Succeeded", "Failed", "Pending"].map((phase) =>
    object("Pod", phase, { status: { ...RUNNING, phase } }),
  );

  expect(runningPods(pods).map(({ name }) => name)).toEqual(["Pending"]);
});

test("on its node's network a pod has no address of its own", () => {
  const [pod] = runningPods([
    object("Pod", "pod", { spec: { hostNetwork: true }, status: RUNNING }),
  ]);

  expect(pod?.addresses).toEqual([]);
});

test("of two addresses the one that a client has", () => {
  const status = { ...RUNNING, podIPs: [{ ip: "10.0.0.7" }, { ip: "fd00::7" }] };
  const [pod] = runningPods([object("Pod", "pod", { status })]);
  if (pod === undefined) throw new Error("no pod");

  expect(podOf(pod, new Set(["fd00::7"])).address).toBe("fd00::7");
  expect(podOf(pod, new Set()).address).toBe("10.0.0.7");
});

test("one that is ready and one that is on its way out", () => {
  const [pod] = runningPods([
    object("Pod", "pod", {
      metadata: { deletionTimestamp: "2026-11-23T19:50:11Z" },
      status: { ...RUNNING, conditions: [{ type: "Ready", status: "True" }] },
    }),
  ]);

  expect(pod).toMatchObject({ ready: true, terminating: true });
});

test("PgBouncers are found by image or name, weir's own with their password's Secret", () => {
  const pods = [
    ["web", { containers: [{ name: "web", image: "nginx" }] }, {}],
    [
      "foreign",
      {
        containers: [
          { name: "x", image: "edoburu/pgbouncer:1.24", ports: [{ containerPort: 5432 }] },
        ],
      },
      {},
    ],
    ["own", { containers: [{ name: "pgbouncer", image: "x" }] }, { "weir.dev/budget": "b" }],
  ] as const;
  const ways = consoleRoutes(
    pods.map(([name, spec, labels]) =>
      object("Pod", name, { metadata: { labels }, spec, status: RUNNING }),
    ),
  );

  expect(ways).toEqual([
    "kubectl -n writing port-forward pod/foreign 6432:5432\n    --pgbouncer postgres://LOGIN@127.0.0.1:6432/pgbouncer",
    expect.stringMatching(/pod\/own 6433:6432\n[^]*secret b-stats[^]*weir_stats@127\.0\.0\.1:6433/),
  ]);
});
