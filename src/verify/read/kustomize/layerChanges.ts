import { isMapping } from "../../../json/fields.ts";
import { goYaml, valueOf } from "../documents/goYaml.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { groupOf } from "../objects/kinds.ts";
import { folderOf, isFluxKustomization, joined } from "./kustomizations.ts";

/** What a kustomization, or Flux's Kustomization, changes in the objects that it applies. */
export interface LayerChanges {
  readonly patches: readonly Patch[];
  /** Changes that are not read: of charts, by other programs, in files that are not given. */
  readonly unread: readonly UnreadChange[];
}

interface UnreadChange {
  readonly field: Field;
  /** What it says; absent: that is not given. */
  readonly text?: string;
}

interface Patch {
  /** Where the kustomization says it. */
  readonly field: Field;
  /** The patch, parsed. */
  readonly change: unknown;
  /** What it selects; absent: the patch names its object. */
  readonly target?: Field;
  /** Only these kinds. */
  readonly kinds?: readonly string[];
}

/** Kinds whose number `replicas:` of a kustomization sets. */
const SCALED = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];

/**
 * Kustomize's own transformers that change no sum: metadata alone.
 *
 * Source: https://kubectl.docs.kubernetes.io/references/kustomize/builtins/
 */
const DECORATING: ReadonlySet<unknown> = new Set(["AnnotationsTransformer", "LabelTransformer"]);

/** @param texts those of all files, by name */
export function changesOf(
  object: ManifestObject,
  texts: ReadonlyMap<string, string>,
): LayerChanges {
  const isFlux = isFluxKustomization(object);
  const root = isFlux ? Field.of(object).at("spec") : Field.of(object);
  const folder = folderOf(object.file);
  const patches: Patch[] = [];
  const charts = root.at("helmCharts");
  const transformers = root.items("transformers").filter((item) => {
    const text = item.text() ?? "";
    const kinds = parsed(texts.get(joined(folder, text)) ?? text)?.map((value) =>
      isMapping(value) && value["apiVersion"] === "builtin" ? value["kind"] : undefined,
    );
    return kinds?.every((kind) => DECORATING.has(kind)) !== true;
  });
  const unread: UnreadChange[] = [...(charts.exists ? [charts] : []), ...transformers].map(
    (field) => ({ field }),
  );
  const add = (field: Field, given: unknown, target: Field): void => {
    const changes = typeof given === "string" ? parsed(given) : given && [given];
    if (changes === undefined) {
      unread.push({ field, ...(typeof given === "string" && { text: given }) });
    }
    const selected = target.exists && { target };
    for (const change of Array.isArray(changes) ? changes : []) {
      patches.push({ field, change, ...selected });
    }
  };
  for (const field of [...root.items("patches"), ...root.items("patchesJson6902")]) {
    const path = field.text("path");
    const file = path === undefined ? undefined : texts.get(joined(folder, path));
    add(field, field.at("patch").value ?? file, field.at("target"));
  }
  for (const field of root.items("patchesStrategicMerge")) {
    const { value } = field;
    const isPath = typeof value === "string" && !value.includes("\n");
    add(field, isPath ? texts.get(joined(folder, value)) : value, field.at("target"));
  }
  for (const field of root.items("replicas")) {
    const change = [{ op: "add", path: "/spec/replicas", value: field.at("count").value }];
    patches.push({ field, change, target: field, kinds: SCALED });
  }
  return { patches, unread };
}

/** The values of a text's documents; undefined where it can't be read. */
function parsed(text: string): readonly unknown[] | undefined {
  try {
    const { documents } = goYaml(text);
    if (documents.some(({ errors }) => errors.length > 0)) return undefined;
    const values = documents.map(valueOf).filter((value) => value !== null);
    // Operations may also stand in several documents, and merges in a list.
    return values.flatMap((value) =>
      Array.isArray(value) && value.every((one) => isMapping(one) && !("op" in one))
        ? value
        : [value],
    );
  } catch {
    return undefined;
  }
}

/**
 * Whether a patch is about an object; undefined where that can't be told.
 *
 * Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
 */
export function isAbout(
  { change, target, kinds }: Patch,
  object: ManifestObject,
): boolean | undefined {
  if (kinds !== undefined && !kinds.includes(object.kind)) return false;
  const { apiVersion, kind, name } = object;
  const root = Field.of(object);
  const namespace = root.text("metadata", "namespace");
  if (target === undefined) {
    if (!isMapping(change)) return undefined;
    const named = Field.of({ ...object, value: change });
    const own = named.text("metadata", "namespace");
    const [group = ""] = (named.text("apiVersion") ?? "").split(/\/?v\d\w*$/);
    return (
      named.text("kind") === kind &&
      named.text("metadata", "name") === name &&
      group === groupOf(object) &&
      (own === undefined || namespace === undefined || own === namespace)
    );
  }
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  const own = { group: groupOf(object), version, kind, name, namespace };
  for (const [field, value] of Object.entries(own)) {
    const wanted = target.text(field) ?? "";
    if (wanted === "" || (field === "namespace" && value === undefined)) continue;
    const isMatch = matches(wanted, value ?? "");
    if (isMatch !== true) return isMatch;
  }
  const metadata = root.at("metadata");
  const selected = [
    selects(target.text("labelSelector"), metadata.texts("labels")),
    selects(target.text("annotationSelector"), metadata.texts("annotations")),
  ];
  return !selected.includes(false);
}

/** Whether a pattern fits all of a text; undefined where it is none. */
function matches(pattern: string, text: string): boolean | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return undefined;
  }
}

/** `a=b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`, `!a`. */
const REQUIREMENT =
  /\s*(?:(!?)([\w./-]+))\s*(?:(==?|!=)\s*([\w./-]*)|(in|notin)\s*\(([^)]*)\))?\s*(?:,|$)/y;

/** Whether a selector selects; undefined where there is none, or one that can't be read. */
function selects(
  selector: string | undefined,
  labels: ReadonlyMap<string, string>,
): boolean | undefined {
  if (selector === undefined) return undefined;
  let isSelected = true;
  REQUIREMENT.lastIndex = 0;
  while (REQUIREMENT.lastIndex < selector.length) {
    const match = REQUIREMENT.exec(selector);
    if (match === null) return undefined;
    const [, not, key = "", equality, equal = "", set, members = ""] = match;
    const value = labels.get(key);
    const values = set === undefined ? [equal] : members.split(",").map((one) => one.trim());
    const isIn = value !== undefined && values.includes(value);
    if (equality === "!=" || set === "notin") isSelected &&= !isIn;
    else if (equality !== undefined || set !== undefined) isSelected &&= isIn;
    else isSelected &&= (value === undefined) === (not === "!");
  }
  return isSelected;
}
