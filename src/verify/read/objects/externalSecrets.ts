import { isMapping } from "../../../json/fields.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Template } from "../../template.ts";
import { Field } from "./field.ts";
import { kindOf } from "./kinds.ts";

/**
 * The Secrets that External Secrets and Sealed Secrets make from these objects and that are not among
 * them. Each has all its keys; what a key holds is unknown but for what a template writes around it.
 * Of one whose keys the object does not all say, none is made: it stays a Secret that is not given.
 *
 * Source: https://external-secrets.io/latest/guides/templating/,
 * https://github.com/bitnami-labs/sealed-secrets
 */
export function externalSecrets(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  const given = new Set(
    objects.flatMap((object) => (kindOf(object) === "/Secret" ? [nameOf(object)] : [])),
  );
  const made = objects.flatMap((object) => secretOf(object) ?? []);
  return [...Map.groupBy(made, nameOf)].flatMap(([name, secrets]) =>
    given.has(name) || secrets.length > 1 ? [] : secrets,
  );
}

function nameOf({ namespace, name }: ManifestObject): string {
  return `${namespace}/${name}`;
}

/** The texts of a Secret by their keys. */
type SecretTexts = Readonly<Record<string, Template>>;

function secretOf(object: ManifestObject): ManifestObject | undefined {
  const spec = Field.of(object).at("spec");
  const kind = kindOf(object);
  if (kind === "external-secrets.io/ExternalSecret") {
    const target = spec.at("target");
    const name = target.text("name") ?? object.name;
    const data = externalData(spec, target, `Secret ${object.namespace}/${name}`);
    return data && secret(object, name, data);
  }
  if (kind === "bitnami.com/SealedSecret") {
    const data = sealedData(spec, `Secret ${object.namespace}/${object.name}`);
    return data && secret(object, object.name, data);
  }
  return undefined;
}

function secret(object: ManifestObject, name: string, stringData: SecretTexts): ManifestObject {
  const positionOf = (): ReturnType<ManifestObject["positionOf"]> =>
    object.positionOf(["metadata", "name"]);
  return { ...object, kind: "Secret", apiVersion: "v1", name, value: { stringData }, positionOf };
}

/** What an ExternalSecret writes; undefined where it does not say every key. */
function externalData(spec: Field, target: Field, secretName: string): SecretTexts | undefined {
  const policy = target.text("creationPolicy") ?? "Owner";
  const template = target.at("template");
  if (!["Owner", "Orphan"].includes(policy) || template.items("templateFrom").length > 0) {
    return undefined;
  }
  const written = writtenTexts(template.at("data"), secretName);
  const isWhole = Object.keys(written).length > 0 && template.text("mergePolicy") !== "Merge";
  if (isWhole) return written;
  if (spec.items("dataFrom").length > 0) return undefined;
  const keys = spec.items("data").map((one) => one.text("secretKey"));
  return keys.every((key) => key !== undefined)
    ? { ...unknownTexts(keys, secretName), ...written }
    : undefined;
}

/** What a SealedSecret holds, its template over it; undefined where its keys are sealed as well. */
function sealedData(spec: Field, secretName: string): SecretTexts | undefined {
  const encrypted = spec.at("encryptedData");
  if (!isMapping(encrypted.value) || spec.at("data").exists) return undefined;
  return {
    ...unknownTexts(Object.keys(encrypted.value), secretName),
    ...writtenTexts(spec.at("template", "data"), secretName),
  };
}

function unknownTexts(keys: readonly string[], secretName: string): SecretTexts {
  return Object.fromEntries(keys.map((key) => [key, Template.unknown(`${secretName} ${key}`)]));
}

/** An action of a template; one that decides what stands around it makes all of the text unknown. */
const ACTION = /\{\{.*?\}\}/gs;
const CONTROL = /\{\{-?\s*(?:if|else|range|with|define|template|block|end|include)\b/;

function writtenTexts(data: Field, secretName: string): SecretTexts {
  const entries = data.entries().map(([key, field]) => {
    const text = field.scalar();
    const unknown = Template.unknown(`${secretName} ${key}`);
    if (text === undefined || CONTROL.test(text)) return [key, unknown] as const;
    const parts: Template[] = [];
    let end = 0;
    for (const { 0: action, index } of text.matchAll(ACTION)) {
      parts.push(Template.of(text.slice(end, index)), Template.unknown(`${secretName} ${action}`));
      end = index + action.length;
    }
    return [key, Template.join([...parts, Template.of(text.slice(end))])] as const;
  });
  return Object.fromEntries(entries);
}
