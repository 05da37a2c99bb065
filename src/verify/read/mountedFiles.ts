import type { SourcePosition } from "../sourcePosition.ts";
import { dataOf, expanded, textOf, type Environment } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import type { Inventory } from "./inventory.ts";
import type { Workload } from "./workloads.ts";

/** A file that a ConfigMap or Secret puts into a container. */
export interface MountedFile {
  readonly path: string;
  readonly text: string;
  /** Where the text stands. */
  readonly place: SourcePosition;
  /** `ConfigMap writing/app app.yaml`. */
  readonly from: string;
}

export interface MountedFiles {
  readonly files: ReadonlyMap<string, MountedFile>;
  /** Mounts of ConfigMaps and Secrets that are not among the objects. */
  readonly unknown: readonly { readonly name: string; readonly path: string }[];
}

interface VolumeFiles {
  /** By their path within the volume. */
  readonly files: ReadonlyMap<string, Omit<MountedFile, "path">>;
  readonly unknown: readonly string[];
}

/** The files that a container's volumes take from ConfigMaps and Secrets. */
export function mountedFiles(
  inventory: Inventory,
  workload: Workload,
  container: Field,
  environment: Environment,
): MountedFiles {
  const volumes = new Map(
    workload.template
      .at("spec", "volumes")
      .items()
      .map((volume) => [volume.at("name").text(), volume] as const),
  );
  const files = new Map<string, MountedFile>();
  const unknown: { name: string; path: string }[] = [];
  for (const mount of container.at("volumeMounts").items()) {
    const path = mount.at("mountPath").text()?.replace(/\/+$/, "");
    const volume = volumes.get(mount.at("name").text());
    if (path === undefined || volume === undefined) continue;
    const content = filesOf(inventory, workload, volume);
    unknown.push(...content.unknown.map((name) => ({ name, path })));
    const subPath = (
      mount.at("subPath").text() ??
      expanded(mount.at("subPathExpr").text() ?? "", environment.variables)
    ).replace(/\/+$/, "");
    for (const [within, file] of content.files) {
      if (subPath === "") files.set(`${path}/${within}`, { ...file, path: `${path}/${within}` });
      else if (within === subPath) files.set(path, { ...file, path });
      else if (within.startsWith(`${subPath}/`)) {
        const full = path + within.slice(subPath.length);
        files.set(full, { ...file, path: full });
      }
    }
  }
  return { files, unknown };
}

function filesOf(inventory: Inventory, workload: Workload, volume: Field): VolumeFiles {
  const sources = [volume, ...volume.at("projected", "sources").items()];
  const files = new Map<string, Omit<MountedFile, "path">>();
  const unknown: string[] = [];
  for (const source of sources) {
    for (const [kind, reference] of [
      ["ConfigMap", source.at("configMap")],
      ["Secret", source.at("secret")],
    ] as const) {
      const name = reference.at("name").text() ?? reference.at("secretName").text();
      if (name === undefined) continue;
      const data = dataOf(inventory, kind, workload.namespace, name);
      if (data === undefined) {
        if (reference.at("optional").value !== true) {
          unknown.push(`${kind} ${workload.namespace}/${name}`);
        }
        continue;
      }
      const items = reference.at("items").items();
      const paths =
        items.length > 0
          ? items.map(
              (item) => [item.at("key").text() ?? "", item.at("path").text() ?? ""] as const,
            )
          : [...data.keys()].map((key) => [key, key] as const);
      for (const [key, path] of paths) {
        const field = data.get(key);
        const text = field === undefined ? undefined : textOf(kind, field);
        if (field === undefined || text === undefined) continue;
        const from = `${kind} ${workload.namespace}/${name} ${key}`;
        files.set(path, { text, place: field.place(), from });
      }
    }
  }
  return { files, unknown };
}
