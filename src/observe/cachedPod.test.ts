import { expect, test } from "vitest";
import { pgbouncerLabels } from "../api/labels.ts";
import { toCachedPod } from "./cachedPod.ts";

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
    madeBy: "Deployment writing/author",
    env: [],
  });
  expect(toCachedPod(pod({ ownerReferences: [OWNER] }))?.madeBy).toBe(
    "ReplicaSet writing/author-abc12",
  );
  const byStatefulSet = { kind: "StatefulSet", name: "db", controller: true };
  expect(toCachedPod(pod({ labels, ownerReferences: [byStatefulSet] }))?.madeBy).toBe(
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
