import { expect, test } from "vitest";
import { pgbouncerLabels } from "../api/labels.ts";
import { poolHints, poolMaxOf, toCachedPod } from "./cachedObjects.ts";

const OWNER = { kind: "ReplicaSet", name: "author-abc12", controller: true };

function pod(metadata: object, status: object = {}, spec: object = {}) {
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name: "p", namespace: "writing", uid: "u", ...metadata },
    spec,
    status,
  };
}

test("a pod of a ReplicaSet is its Deployment's, also when both are gone", () => {
  const labels = { "pod-template-hash": "abc12", app: "author" };
  expect(toCachedPod(pod({ labels, ownerReferences: [OWNER] }))).toEqual({
    namespace: "writing",
    name: "p",
    uid: "u",
    hostNetwork: false,
    ready: false,
    terminating: false,
    controllerOwner: "Deployment writing/author",
    env: [],
  });
  expect(toCachedPod(pod({ ownerReferences: [OWNER] }))?.controllerOwner).toBe(
    "ReplicaSet writing/author-abc12",
  );
  const byStatefulSet = { kind: "StatefulSet", name: "db", controller: true };
  expect(toCachedPod(pod({ labels, ownerReferences: [byStatefulSet] }))?.controllerOwner).toBe(
    "StatefulSet writing/db",
  );
});

test("labels are kept of what nothing made, and weir's PgBouncer is known by them", () => {
  const kept = toCachedPod(pod({ labels: pgbouncerLabels("writing") }));
  expect(kept).toMatchObject({ pgbouncerOf: "writing", labels: pgbouncerLabels("writing") });
  const foreign = { ...pgbouncerLabels("writing"), "app.kubernetes.io/managed-by": "helm" };
  expect(toCachedPod(pod({ labels: foreign }))?.pgbouncerOf).toBeUndefined();
});

test("what has ended holds nothing; what terminates may", () => {
  expect(toCachedPod(pod({}, { phase: "Succeeded" }))).toBeUndefined();
  expect(toCachedPod(pod({}, { phase: "Failed" }))).toBeUndefined();
  const ready = { podIP: "10.0.0.1", conditions: [{ type: "Ready", status: "True" }] };
  expect(toCachedPod(pod({ deletionTimestamp: "2026-11-26T00:00:00Z" }, ready))).toMatchObject({
    ip: "10.0.0.1",
    ready: true,
    terminating: true,
  });
});

const STATIC = { resize: "Static", env: { max: "POOL_MAX" } } as const;
const LIVE = { resize: "Live", env: { max: "POOL_MAX" } } as const;

function podOf(containers: readonly object[], annotations = {}) {
  return { metadata: { annotations }, spec: { containers } };
}

test("keeps counts alone: no other variable, and nothing that a Secret gives", () => {
  const { env } = poolHints(
    podOf([
      {
        name: "main",
        env: [
          { name: "POOL_MAX", value: " 7 " },
          { name: "PASSWORD", value: "hush" },
          { name: "OTHER", valueFrom: { secretKeyRef: { name: "a", key: "b" } } },
        ],
      },
    ]),
  );
  expect(env).toEqual([{ container: "main", name: "POOL_MAX", value: 7 }]);
});

test("the last of a container counts, and the largest of several containers", () => {
  const hints = poolHints(
    podOf([
      {
        name: "a",
        env: [
          { name: "POOL_MAX", value: "50" },
          { name: "POOL_MAX", value: "5" },
        ],
      },
      { name: "b", env: [{ name: "POOL_MAX", value: "9" }] },
    ]),
  );
  expect(poolMaxOf(hints, STATIC)).toEqual({
    value: 9,
    from: "env POOL_MAX of container b",
  });
});

test("only a Live pool follows the annotation", () => {
  const hints = poolHints(
    podOf([{ name: "a", env: [{ name: "POOL_MAX", value: "5" }] }], { "weir.dev/pool-limit": "3" }),
  );
  expect(poolMaxOf(hints, LIVE)).toEqual({ value: 3, from: "annotation weir.dev/pool-limit" });
  expect(poolMaxOf(hints, STATIC)?.value).toBe(5);
  expect(poolMaxOf(poolHints(podOf([])), LIVE)).toBeUndefined();
});
