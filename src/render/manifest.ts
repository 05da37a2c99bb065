import { byCodeUnit } from "../text/order.ts";
import { yamlStream } from "./yaml.ts";

/** One Kubernetes object as plain data: for YAML, for server-side apply, for cdk8s' ApiObject. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/**
 * A YAML stream of the manifests, in their order. The fields of each stand by name, apiVersion, kind
 * and metadata first, so that two versions of one object can be compared line by line, as an
 * ApiObject of cdk8s has them; what is null is left out.
 */
export function manifestStream(manifests: readonly Manifest[]): string {
  return yamlStream(manifests.map(sorted));
}

function sorted(manifest: Manifest): Manifest {
  const { apiVersion, kind, metadata, ...others } = manifest;
  return { apiVersion, kind, metadata: sortedFields(metadata), ...sortedFields(others) };
}

/** Of any value, at every depth. */
function sortedFields<T>(value: T): T;
function sortedFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedFields);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, content]) => content !== undefined && content !== null)
    .toSorted(([a], [b]) => byCodeUnit(a, b));
  return Object.fromEntries(entries.map(([name, content]) => [name, sortedFields(content)]));
}
