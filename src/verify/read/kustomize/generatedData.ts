import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { folderOf, joined, kustomizeLayer } from "./kustomizations.ts";

/**
 * The ConfigMaps and Secrets that kustomizations make of files and of texts of their own. One of which a
 * file is not given is not made: it stays one that is not among the objects.
 *
 * Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator/
 *
 * @param texts of all files, by name
 */
export function generatedData(
  kustomizations: readonly ManifestObject[],
  texts: ReadonlyMap<string, string>,
): readonly ManifestObject[] {
  return kustomizations.flatMap((kustomization) =>
    GENERATORS.flatMap((list) =>
      Field.of(kustomization)
        .items(list)
        .flatMap((generator) => {
          const data = dataOf(generator, texts);
          return data === undefined ? [] : [objectOf(generator, data)];
        }),
    ),
  );
}

/** The files that only generators name: they are texts, whatever stands in them. */
export function generatorFiles(kustomizations: readonly ManifestObject[]): ReadonlySet<string> {
  const applied = new Set(kustomizations.flatMap((one) => [...kustomizeLayer(one).members]));
  const named = kustomizations.flatMap((kustomization) =>
    GENERATORS.flatMap((list) =>
      Field.of(kustomization)
        .items(list)
        .flatMap((generator) => [...generator.items("files"), ...generator.items("envs")])
        .map((item) => {
          const path = (item.text() ?? "").replace(/^[^=]*=/, "");
          return joined(folderOf(kustomization.file), path);
        }),
    ),
  );
  return new Set(named.filter((file) => !applied.has(file)));
}

const GENERATORS = ["configMapGenerator", "secretGenerator"];

function objectOf(generator: Field, data: Readonly<Record<string, string>>): ManifestObject {
  const { object, path } = generator;
  const isSecret = path[0] === "secretGenerator";
  const [name = "", namespace] = [generator.text("name"), generator.text("namespace")];
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return {
    ...object,
    kind: isSecret ? "Secret" : "ConfigMap",
    apiVersion: "v1",
    name,
    namespace: namespace ?? "default",
    value: { metadata, [isSecret ? "stringData" : "data"]: data },
    positionOf: () => object.positionOf(path),
  };
}

/** The texts of a generator by their keys; undefined where some are not given, or it changes another's. */
function dataOf(
  generator: Field,
  texts: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> | undefined {
  const behavior = generator.text("behavior") ?? "create";
  if (behavior !== "create" || generator.text("name") === undefined) return undefined;
  const data = new Map<string, string>();
  const textOf = (path: string): string | undefined =>
    texts.get(joined(folderOf(generator.object.file), path));
  for (const item of generator.items("files")) {
    const [, key, path = ""] = /^(?:([^=]+)=)?(.*)$/s.exec(item.text() ?? "") ?? [];
    const text = textOf(path);
    if (text === undefined) return undefined;
    data.set(key ?? path.slice(path.lastIndexOf("/") + 1), text);
  }
  const own = generator.text("env");
  const files = generator.items("envs").map((item) => item.text() ?? "");
  for (const path of own === undefined ? files : [own, ...files]) {
    const text = textOf(path);
    if (text === undefined) return undefined;
    for (const line of text.split("\n")) addAssignment(data, line.replace(/^\s*#.*/, ""));
  }
  for (const item of generator.items("literals")) addAssignment(data, item.text() ?? "");
  return Object.fromEntries(data);
}

/** `NAME=value`; a quoted value is what stands in the quotes. */
function addAssignment(data: Map<string, string>, text: string): void {
  const [, name, value = ""] = /^\s*([^=\s]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined) data.set(name, value.trim().replace(/^(["'])(.*)\1$/s, "$2"));
}
