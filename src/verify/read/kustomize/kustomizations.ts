import { isMapping } from "../../../json/fields.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";

/** A kustomization, or Flux's Kustomization: where it puts the objects of its files. */
export interface Layer {
  readonly object: ManifestObject;
  /** A kustomization's own folder; undefined for Flux's. */
  readonly folder?: string;
  /** The namespace that it gives them all; undefined: it leaves theirs. */
  readonly namespace?: string;
  /** Files, and folders with a kustomization; for Flux the folder of its path where it is there. */
  readonly members: ReadonlySet<string>;
  /** The folders of its components. */
  readonly components: readonly string[];
}

/** Kustomize's own group; Flux's is kustomize.toolkit.fluxcd.io. */
const KUSTOMIZE_GROUP = "kustomize.config.k8s.io";

/** Whether a document is a kustomization; it may leave out apiVersion and kind. */
export function isKustomization(value: unknown, file: string): boolean {
  if (!isMapping(value)) return false;
  const { apiVersion } = value;
  if (apiVersion === undefined) return /(?:^|\/)kustomization(?:\.ya?ml)?$/i.test(file);
  return typeof apiVersion === "string" && apiVersion.startsWith(`${KUSTOMIZE_GROUP}/`);
}

/** The layer of a kustomization: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ */
export function kustomizeLayer(object: ManifestObject): Layer {
  const root = Field.of(object);
  const folder = folderOf(object.file);
  const members = filesOf(object).flatMap((name) =>
    name.includes("://") ? [] : [joined(folder, name)],
  );
  const components = componentsOf(root, folder);
  const namespace = withNamespace(root.text("namespace"));
  return { object, folder, ...namespace, members: new Set(members), components };
}

/** Files and folders that a kustomization applies, as it names them. */
export function filesOf(object: ManifestObject): readonly string[] {
  const root = Field.of(object);
  return ["resources", "bases", "components"].flatMap((list) =>
    root.items(list).map((item) => item.text() ?? ""),
  );
}

/** Files that are patches of a kustomization. */
export function patchFilesOf(object: ManifestObject): readonly string[] {
  const root = Field.of(object);
  const folder = folderOf(object.file);
  const names = [
    ...root.items("patchesStrategicMerge").map((item) => item.text()),
    ...["patches", "patchesJson6902"].flatMap((list) =>
      root.items(list).map((patch) => patch.text("path")),
    ),
  ];
  return names.flatMap((name) =>
    name === undefined || /\n|:\/\//.test(name) ? [] : [joined(folder, name)],
  );
}

function componentsOf(root: Field, folder: string): readonly string[] {
  return root.items("components").flatMap((item) => {
    const name = item.text() ?? "://";
    return name.includes("://") ? [] : [joined(folder, name)];
  });
}

/** `a/b` of `a/b/c.yaml`. */
export function folderOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf("/"), 0));
}

/** `a` and `a/b` of `a/b/c.yaml`. */
export function foldersAbove(file: string): readonly string[] {
  const parts = file.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Whether a path is one of these, or lies in a folder of them. */
export function isWithin(path: string, folders: ReadonlySet<string>): boolean {
  const parts = path.split("/");
  return parts.some((_, index) => folders.has(parts.slice(0, parts.length - index).join("/")));
}

/**
 * The layer of Flux's Kustomization: https://fluxcd.io/flux/components/kustomize/kustomizations/.
 * Its path begins at a repository's root, which is not known: the first folder of that name counts.
 */
export function fluxLayer(object: ManifestObject, files: Iterable<string>): Layer {
  const spec = Field.of(object).at("spec");
  const path = joined("", spec.text("path") ?? "");
  const found = new Set<string>();
  for (const file of path === "" ? [] : files) {
    const at = `/${file}`.indexOf(`/${path}/`);
    if (at !== -1) found.add(file.slice(0, at + path.length));
  }
  const members = [...found].toSorted((a, b) => a.length - b.length).slice(0, 1);
  return {
    object,
    ...withNamespace(spec.text("targetNamespace")),
    members: new Set(members),
    components: members.flatMap((folder) => componentsOf(spec, folder)),
  };
}

export function isFluxKustomization({ apiVersion, kind }: ManifestObject): boolean {
  return kind === "Kustomization" && apiVersion.startsWith("kustomize.toolkit.fluxcd.io/");
}

function withNamespace(namespace: string | undefined): Pick<Layer, "namespace"> {
  return namespace === undefined || namespace === "" ? {} : { namespace };
}

/** `a/b` and `../c/d.yaml` are `a/c/d.yaml`. */
export function joined(folder: string, path: string): string {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== ".." || parts.length === 0 || parts.at(-1) === "..") parts.push(part);
    else parts.pop();
  }
  return parts.join("/");
}
