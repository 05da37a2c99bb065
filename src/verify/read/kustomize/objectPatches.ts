import { isMapping, type Fields } from "../../../json/fields.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { groupOf } from "../objects/kinds.ts";

/**
 * An object as a patch of Kustomize leaves it: a list of operations (JSON 6902), or a strategic merge.
 *
 * Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/,
 * https://datatracker.ietf.org/doc/html/rfc6902
 *
 * @param change the patch, parsed
 * @returns `deleted` where the patch takes the object out; undefined where it can't be applied
 */
export function patched(object: ManifestObject, change: unknown): Fields | "deleted" | undefined {
  if (Array.isArray(change)) {
    const result = withOperations(object.value, change);
    return isMapping(result) ? result : undefined;
  }
  if (!isMapping(change) || hasOtherDirective(change)) return undefined;
  if (change["$patch"] === "delete") return "deleted";
  const group = groupOf(object);
  const hasMergeKeys = !group.includes(".") || group.endsWith(".k8s.io");
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = change;
  // The name and the kind of a patch say which object it is about; they don't change it.
  const { name: _name, namespace: _namespace, ...more } = isMapping(metadata) ? metadata : {};
  const result = merged(object.value, { ...rest, metadata: more }, hasMergeKeys);
  return isMapping(result) ? result : undefined;
}

/** What a list's items are told apart by, where a strategic merge doesn't replace the whole list. */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  imagePullSecrets: ["name"],
  volumeMounts: ["mountPath"],
  ports: ["containerPort", "port"],
};

function merged(base: unknown, change: Fields, hasMergeKeys: boolean): unknown {
  const { $patch: directive, ...fields } = change;
  if (directive === "delete") return undefined;
  if (directive === "replace") return fields;
  const result: Record<string, unknown> = isMapping(base) ? { ...base } : {};
  for (const [name, value] of Object.entries(fields)) {
    const before = result[name];
    const after = isMapping(value)
      ? merged(before, value, hasMergeKeys)
      : Array.isArray(value) && Array.isArray(before)
        ? mergedList(before, value, hasMergeKeys ? MERGE_KEYS[name] : undefined)
        : value;
    if (after === undefined || after === null) delete result[name];
    else result[name] = after;
  }
  return result;
}

function mergedList(
  before: readonly unknown[],
  change: readonly unknown[],
  keys: readonly string[] = [],
): readonly unknown[] {
  const key = keys.find((one) =>
    change.every((item) => isMapping(item) && item[one] !== undefined),
  );
  if (key === undefined) return change;
  const result = [...before];
  for (const item of change.filter(isMapping)) {
    const at = result.findIndex((one) => isMapping(one) && one[key] === item[key]);
    const after = merged(at === -1 ? {} : result[at], item, true);
    if (at === -1) result.push(...(after === undefined ? [] : [after]));
    else result.splice(at, 1, ...(after === undefined ? [] : [after]));
  }
  return result;
}

/** Directives other than `$patch: delete` and `$patch: replace`, which are not followed. */
function hasOtherDirective(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasOtherDirective);
  if (!isMapping(value)) return false;
  return Object.entries(value).some(([name, one]) =>
    name === "$patch"
      ? one !== "delete" && one !== "replace"
      : name.startsWith("$") || hasOtherDirective(one),
  );
}

/** The value after all operations; undefined where one of them can't be done, as kustomize refuses it. */
function withOperations(value: unknown, operations: readonly unknown[]): unknown {
  let result: unknown = value;
  for (const operation of operations) {
    if (!isMapping(operation)) return undefined;
    const { op, path, from, value: given } = operation;
    const to = tokensOf(path);
    if (to === undefined) return undefined;
    if (op === "add") result = changedAt(result, to, () => given, "insert");
    else if (op === "replace") result = changedAt(result, to, () => given, "replace");
    else if (op === "remove") result = changedAt(result, to, () => undefined, "replace");
    else if (op === "copy" || op === "move") {
      const source = tokensOf(from);
      const moved = source && foundAt(result, source);
      if (source === undefined || moved === undefined) return undefined;
      if (op === "move") result = changedAt(result, source, () => undefined, "replace");
      result = changedAt(result, to, () => moved, "insert");
    } else if (op !== "test" || JSON.stringify(foundAt(result, to)) !== JSON.stringify(given)) {
      return undefined;
    }
    if (result === undefined) return undefined;
  }
  return result;
}

/** The names in a JSON pointer. */
function tokensOf(path: unknown): readonly string[] | undefined {
  if (typeof path !== "string" || !path.startsWith("/")) return undefined;
  return path
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function foundAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, token) => {
    if (Array.isArray(found)) return found[Number(token)];
    return isMapping(found) ? found[token] : undefined;
  }, value);
}

/** The value with another at a path, or without the one there; undefined where there is no such path. */
function changedAt(
  value: unknown,
  [token = "", ...rest]: readonly string[],
  change: () => unknown,
  how: "insert" | "replace",
): unknown {
  const isLast = rest.length === 0;
  if (Array.isArray(value)) {
    const at = token === "-" ? value.length : Number(token);
    const isThere = Number.isSafeInteger(at) && at >= 0 && at < value.length;
    const isNew = isLast && how === "insert" && at === value.length;
    if (!isThere && !isNew) return undefined;
    const list: readonly unknown[] = value;
    const after = isLast ? change() : changedAt(list[at], rest, change, how);
    if (!isLast && after === undefined) return undefined;
    const removed = isLast && how === "insert" ? 0 : 1;
    return list.toSpliced(at, removed, ...(after === undefined ? [] : [after]));
  }
  if (!isMapping(value)) return undefined;
  const before = value[token];
  if (before === undefined && !(isLast && how === "insert")) return undefined;
  const after = isLast ? change() : changedAt(before, rest, change, how);
  if (!isLast && after === undefined) return undefined;
  const { [token]: _removed, ...others } = value;
  return after === undefined ? others : { ...value, [token]: after };
}
