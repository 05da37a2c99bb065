import { describe, expect, it } from "vitest";
import { goldens } from "../../test/golden/goldens.ts";
import { fieldOf, itemsOf } from "../json/fields.ts";
import { podsOf, stringsAt, type Pod } from "../../test/golden/manifestPods.ts";
import { selects } from "../../test/golden/selection.ts";
import type { Manifest } from "../render/manifest.ts";

const GOLDENS = goldens();

/** All pods that weir makes, of all fleets, and twins of each that another tool made. */
const PODS: readonly Pod[] = GOLDENS.flatMap(({ manifests }) => podsOf(manifests)).flatMap(
  (pod) => [
    pod,
    {
      ...pod,
      of: "another app",
      labels: { ...pod.labels, "app.kubernetes.io/managed-by": "Helm", "weir.dev/budget": "x" },
    },
  ],
);

/** Every label selector in an object that is for the object's own pods. */
function selectorsIn(manifest: Manifest): readonly Record<string, string>[] {
  const spec = fieldOf(manifest, "spec");
  if (manifest.kind === "Service") return [stringsAt(spec, "selector")];
  if (manifest.kind === "NetworkPolicy") return [stringsAt(spec, "podSelector", "matchLabels")];
  if (!["Deployment", "StatefulSet", "PodDisruptionBudget"].includes(manifest.kind)) return [];
  return [stringsAt(spec, "selector", "matchLabels")];
}

/** KIND/NAME of the workload that an object is for: objects are named after it. */
function workloadOf({ kind, metadata: { name } }: Manifest, all: readonly Manifest[]): string {
  if (kind === "Deployment" || kind === "StatefulSet") return `${kind}/${name}`;
  const own = name.replace(/-(?:peers|tryout)$/, "");
  const workload = all.find(
    (each) =>
      ["Deployment", "StatefulSet"].includes(each.kind) &&
      (each.metadata.name === name || each.metadata.name === own),
  );
  return `${workload?.kind}/${workload?.metadata.name}`;
}

const SELECTING = GOLDENS.flatMap(({ name, manifests }) =>
  manifests.flatMap((manifest) =>
    selectorsIn(manifest).map((selector) => ({
      title: `${name}: ${manifest.kind}/${manifest.metadata.name} in ${manifest.metadata.namespace}`,
      namespace: manifest.metadata.namespace,
      selector,
      workload: workloadOf(manifest, manifests),
    })),
  ),
);

describe.each(SELECTING)("the selector of $title", ({ selector, namespace, workload }) => {
  it("takes the pods of its workload, and no other", () => {
    const taken = PODS.filter((pod) => pod.namespace === namespace && selects(selector, pod));
    expect(taken.length).toBeGreaterThan(0);
    expect(new Set(taken.map(({ of }) => of))).toEqual(new Set([workload]));
  });
});

describe.each(GOLDENS)("the objects of the fleet $name", ({ manifests }) => {
  it("carry the recommended labels", () => {
    for (const { kind, metadata } of manifests.filter((each) => each.kind !== "Namespace")) {
      expect(Object.keys(metadata.labels ?? {}), `${kind}/${metadata.name}`).toEqual(
        expect.arrayContaining(
          ["name", "instance", "component", "managed-by"].map((key) => `app.kubernetes.io/${key}`),
        ),
      );
    }
  });

  it("carry labels that Kubernetes takes", () => {
    for (const { metadata } of manifests) {
      for (const value of Object.values(metadata.labels ?? {})) {
        expect(value).toMatch(/^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/);
      }
    }
  });

  it("are each there once", () => {
    const keys = manifests.map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
    );
    expect(keys).toEqual([...new Set(keys)]);
  });

  it("spread and disrupt what they are named after", () => {
    for (const pod of podsOf(manifests)) {
      for (const spread of itemsOf(pod.spec, "topologySpreadConstraints")) {
        expect(selects(stringsAt(spread, "labelSelector", "matchLabels"), pod)).toBe(true);
      }
    }
  });
});
