import type { Manifest } from "../../src/render/manifest.ts";

type Fields = Readonly<Record<string, unknown>>;

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
      const template = fieldsAt(workload, "spec", "template");
      const spec = fieldsAt(template, "spec");
      return {
        of: `${workload.kind}/${workload.metadata.name}`,
        namespace: workload.metadata.namespace ?? "",
        labels: stringsAt(template, "metadata", "labels"),
        spec,
        containers: [...listAt(spec, "initContainers"), ...listAt(spec, "containers")],
      };
    });
}

/** The mapping below these fields; empty when there is none. */
export function fieldsAt(fields: Fields, ...path: readonly string[]): Fields {
  return path.reduce<Fields>((below, field) => asFields(below[field]), fields);
}

/** The mapping of texts below these fields. */
export function stringsAt(fields: Fields, ...path: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsAt(fields, ...path)).map(([key, value]) => [key, String(value)]),
  );
}

/** The list of mappings in a field; empty when there is none. */
export function listAt(fields: Fields, field: string): readonly Fields[] {
  const list = fields[field];
  return Array.isArray(list) ? list.map(asFields) : [];
}

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}
