import { fieldOf, itemsOf, type Fields } from "../../src/json/fields.ts";
import type { Manifest } from "../../src/render/manifest.ts";

/** A pod that a workload among the manifests would start. */
export interface Pod {
  /** KIND/NAME of the workload. */
  readonly of: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Fields;
  /** Init containers too. */
  readonly containers: readonly Fields[];
}

const WORKLOADS: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "Job"]);

/** One pod for each Deployment, StatefulSet and Job. */
export function podsOf(manifests: readonly Manifest[]): readonly Pod[] {
  return manifests
    .filter(({ kind }) => WORKLOADS.has(kind))
    .map((workload) => {
      const template = fieldOf(workload, "spec", "template");
      const spec = fieldOf(template, "spec");
      return {
        of: `${workload.kind}/${workload.metadata.name}`,
        namespace: workload.metadata.namespace ?? "",
        labels: stringsAt(template, "metadata", "labels"),
        spec,
        containers: [...itemsOf(spec, "initContainers"), ...itemsOf(spec, "containers")],
      };
    });
}

/** The mapping of texts below these fields. */
export function stringsAt(fields: Fields, ...path: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldOf(fields, ...path)).map(([key, value]) => [key, String(value)]),
  );
}
