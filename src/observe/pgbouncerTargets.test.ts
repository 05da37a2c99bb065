import { expect, test } from "vitest";
import type { ClusterCopy } from "./cluster.ts";
import { toCachedService, toCachedSlice } from "./cachedObjects.ts";
import { pgbouncerTargets, unwatchedServiceOf } from "./pgbouncerTargets.ts";

function budgetWith(existing?: { readonly host: string; readonly port: number }) {
  const metadata = { name: "writing", namespace: "writing" };
  return { metadata, spec: { pgbouncer: { existing } } };
}

function clusterWith(parts: Partial<ClusterCopy>) {
  return { service: () => undefined, slicesOf: () => [], pgbouncerPods: () => [], ...parts };
}

const OLD = toCachedService({
  kind: "Service",
  apiVersion: "v1",
  spec: { ports: [{ name: "pg", port: 6432, targetPort: 5000 }] },
});

function slice(endpoints: readonly object[]) {
  return toCachedSlice({
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: { namespace: "writing", labels: { "kubernetes.io/service-name": "old" } },
    ports: [{ name: "pg", port: 5000 }],
    endpoints,
  });
}

test.each(["old", "old.writing", "old.writing.svc", "OLD.writing.svc.cluster.local."])(
  "%s is a Service: each of its endpoints is a process, ready or not, but those that terminate",
  (host) => {
    const cluster = clusterWith({
      service: (key) => (key === "writing/old" ? OLD : undefined),
      slicesOf: () => [
        slice([
          { addresses: ["10.0.0.2"], targetRef: { kind: "Pod", name: "old-1" } },
          { addresses: ["10.0.0.1"], conditions: { ready: true } },
          { addresses: ["10.0.0.3"], conditions: { ready: false, terminating: false } },
          { addresses: ["10.0.0.4"], conditions: { ready: true, terminating: true } },
        ]),
        slice([{ addresses: ["fd00::2"], targetRef: { kind: "Pod", name: "old-1" } }]),
      ],
    });
    const places = pgbouncerTargets(budgetWith({ host, port: 6432 }), cluster);
    expect(places).toEqual({
      kind: "Processes",
      targets: [
        { name: "10.0.0.1:5000", host: "10.0.0.1", port: 5000, isAddress: true },
        { name: "10.0.0.3:5000", host: "10.0.0.3", port: 5000, isAddress: true },
        { name: "old-1", host: "fd00::2", port: 5000 },
      ],
    });
  },
);

test.each(["10.0.0.9", "fd00::1", "pooler.example.com", "old"])("%s is a host", (host) => {
  expect(pgbouncerTargets(budgetWith({ host, port: 6432 }), clusterWith({}))).toEqual({
    kind: "Host",
    host,
    port: 6432,
  });
});

test.each([
  { host: "pg.db.svc", watched: "writing", service: "db/pg" },
  { host: "pg.db", watched: "writing", service: "db/pg" },
  { host: "pg.db", watched: undefined, service: undefined },
  { host: "pg.writing", watched: "writing", service: undefined },
  { host: "pg", watched: "writing", service: undefined },
  { host: "pg.example.com", watched: "writing", service: undefined },
  { host: "10.0.0.9", watched: "writing", service: undefined },
])("$host, where $watched is watched alone: $service is not seen", ({ host, watched, service }) => {
  expect(unwatchedServiceOf(budgetWith({ host, port: 6432 }), watched)).toBe(service);
});

test("a Service that stands for a name, and one without endpoints", () => {
  const external = toCachedService({
    kind: "Service",
    apiVersion: "v1",
    spec: { type: "ExternalName", externalName: "pooler.example.com" },
  });
  const existing = budgetWith({ host: "old", port: 6432 });
  expect(pgbouncerTargets(existing, clusterWith({ service: () => external }))).toMatchObject({
    kind: "Host",
    host: "pooler.example.com",
  });
  expect(pgbouncerTargets(existing, clusterWith({ service: () => OLD }))).toEqual({
    kind: "None",
    reason: "NoPods",
    message: "Service writing/old has no endpoint at port 6432",
  });
});

test("its own: the pods with an address, but those that terminate", () => {
  const pod = { namespace: "writing", uid: "", hostNetwork: false, ready: true, env: [] };
  const cluster = clusterWith({
    pgbouncerPods: () => [
      { ...pod, name: "p-1", ip: "10.0.0.2", terminating: false },
      { ...pod, name: "p-0", ip: "10.0.0.1", terminating: false, ready: false },
      { ...pod, name: "p-2", ip: "10.0.0.3", terminating: true },
      { ...pod, name: "p-3", terminating: false },
    ],
  });
  expect(pgbouncerTargets(budgetWith(), cluster)).toEqual({
    kind: "Processes",
    targets: [
      { name: "p-0", host: "10.0.0.1", port: 6432 },
      { name: "p-1", host: "10.0.0.2", port: 6432 },
    ],
  });
  expect(pgbouncerTargets(budgetWith(), clusterWith({}))).toMatchObject({ reason: "NoPods" });
});
