import { isMapping } from "../../../json/fields.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "./field.ts";
import { kindOf } from "./kinds.ts";

/** A template's word for the release, as charts take it in their values. */
const RELEASE = /\{\{-?\s*\.Release\.(Name|Namespace)\s*-?\}\}/g;

/**
 * Flux's HelmRelease with the release's name and namespace in its texts; any other object as it is.
 *
 * Source: https://fluxcd.io/flux/components/helm/helmreleases/#release-name
 */
export function withRelease(object: ManifestObject): ManifestObject {
  if (kindOf(object) !== "helm.toolkit.fluxcd.io/HelmRelease") return object;
  const spec = Field.of(object).at("spec");
  const target = spec.text("targetNamespace");
  const byDefault = target === undefined ? object.name : `${target}-${object.name}`;
  const name = spec.text("releaseName") ?? byDefault;
  const release = { Name: name, Namespace: target ?? object.namespace };
  const filled = (value: unknown): unknown => {
    if (typeof value === "string") {
      return value.replace(RELEASE, (_, word: keyof typeof release) => release[word]);
    }
    if (Array.isArray(value)) return value.map(filled);
    if (!isMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one)]));
  };
  const value = filled(object.value);
  return isMapping(value) ? { ...object, value } : object;
}

/** The namespace of what an object is rendered to: its fields name Secrets that stand there. */
export function releaseNamespace(object: ManifestObject): string {
  const spec = Field.of(object).at("spec");
  return spec.text("targetNamespace") ?? spec.text("destination", "namespace") ?? object.namespace;
}
