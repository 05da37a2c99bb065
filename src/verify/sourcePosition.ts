import { formatPath, type FieldPath } from "../api/fieldPath.ts";

/** An object of a manifest or of a cluster, as it was read: nothing is known of its fields. */
export interface ManifestObject {
  /** The file (`-` is called standard input), or the cluster, that it was read from. */
  readonly file: string;
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  /** `default` where the object names none and its kind has one. */
  readonly namespace: string;
  readonly value: Readonly<Record<string, unknown>>;
  /**
   * Line and column of a field, counted from 1; computed when asked. With `textLine` those of that
   * line (from 0) of a text, where the file shows the text line by line; else those of the field.
   */
  readonly positionOf: (
    path: FieldPath,
    textLine?: number,
  ) => { readonly line: number; readonly column: number };
}

/** Where a number was written: a field of an object, and a key in it where the field is a text. */
export interface SourcePosition {
  readonly object: ManifestObject;
  readonly path: FieldPath;
  /** Within a text: `max_client_conn`, or `[databases] author pool_size`. */
  readonly key?: string;
  /** `weir.dev/pool-max=8`, where --annotate says it: no file has that field. */
  readonly option?: string;
}

/** `Deployment writing/author`; `service author` of a compose file, `file broken.yaml`. */
export function objectOf({
  object: { kind, namespace, name },
}: {
  readonly object: Pick<ManifestObject, "kind" | "namespace" | "name">;
}): string {
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** Where its name begins in what `objectOf` says: behind the namespace, else behind the kind. */
export function startOfName(object: string): number {
  return object.indexOf(object.includes("/") ? "/" : " ") + 1;
}

/** The kind of a service of a compose file, as an object. */
export const COMPOSE_SERVICE = "service";

/** Whether a place is in a service of a compose file. */
export function isComposeService({ object }: SourcePosition): boolean {
  return object.kind === COMPOSE_SERVICE && object.apiVersion === "";
}

/** The place of an annotation that --annotate gives, in whose stead it stands. */
export function optionPlace(place: SourcePosition, name: string, value: string): SourcePosition {
  return { ...place, option: `${name}=${value}` };
}

/** `spec.replicas`, or `data["pgbouncer.ini"]: max_client_conn`; `--annotate weir.dev/pool-max=8`. */
export function fieldOf({ path, key, option }: SourcePosition): string {
  if (option !== undefined) return `--annotate ${option}`;
  const field = formatPath(path);
  return key === undefined ? field : `${field}: ${key}`;
}
