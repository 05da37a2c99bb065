import { isMapping } from "../../../json/fields.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Template } from "../../template.ts";
import { Field } from "./field.ts";
import { kindOf } from "./kinds.ts";
import { templateOf } from "./objectData.ts";

/**
 * The Secrets that External Secrets, Sealed Secrets and Infisical make from these objects and that are
 * not among them. Each has all its keys; what a key holds is unknown but for what a template writes
 * around it, and what comes from a Secret that is among the objects. Of one whose keys the object does
 * not all say, none is made: it stays a Secret that is not given.
 *
 * Source: https://external-secrets.io/latest/guides/templating/,
 * https://github.com/bitnami-labs/sealed-secrets,
 * https://infisical.com/docs/integrations/platforms/kubernetes/infisical-secret-crd
 */
export function externalSecrets(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  const given = new Map(
    objects.flatMap((object) => (kindOf(object) === "/Secret" ? [[nameOf(object), object]] : [])),
  );
  const stores = new Map(
    objects.flatMap((object) =>
      /^external-secrets\.io\/(?:Cluster)?SecretStore$/.test(kindOf(object))
        ? [[storeName(object), object]]
        : [],
    ),
  );
  const made = objects.flatMap((object) => secretsOf(object, { given, stores }));
  return [...Map.groupBy(made, nameOf)].flatMap(([name, secrets]) =>
    given.has(name) || secrets.length > 1 ? [] : secrets,
  );
}

/** What the objects hold that Secrets are made from. */
interface SecretSources {
  readonly given: ReadonlyMap<string, ManifestObject>;
  readonly stores: ReadonlyMap<string, ManifestObject>;
}

function nameOf({ namespace, name }: Pick<ManifestObject, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

/** A store of the cluster is the same in all namespaces. */
function storeName({ kind, namespace, name }: Pick<ManifestObject, "kind" | "namespace" | "name">) {
  return kind === "ClusterSecretStore" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** The texts of a Secret by their keys. */
type SecretTexts = Readonly<Record<string, Template>>;

function secretsOf(object: ManifestObject, sources: SecretSources): readonly ManifestObject[] {
  const spec = Field.of(object).at("spec");
  const kind = kindOf(object);
  if (kind === "external-secrets.io/ExternalSecret") {
    const target = spec.at("target");
    const name = target.text("name") ?? object.name;
    const fetched = fetchedTexts(spec, object, sources);
    const data = externalData(spec, target, `Secret ${object.namespace}/${name}`, fetched);
    return data === undefined ? [] : [secret(object, name, data)];
  }
  if (kind === "bitnami.com/SealedSecret") {
    const data = sealedData(spec, `Secret ${object.namespace}/${object.name}`);
    return data === undefined ? [] : [secret(object, object.name, data)];
  }
  if (kind === "secrets.infisical.com/InfisicalSecret") {
    const single = spec.at("managedSecretReference");
    return [single, ...spec.items("managedKubeSecretReferences")].flatMap((reference) => {
      const name = reference.text("secretName");
      const namespace = reference.text("secretNamespace") ?? object.namespace;
      const template = reference.at("template");
      const isWhole = template.at("data").exists && template.at("includeAllSecrets").value !== true;
      if (name === undefined || !isWhole) return [];
      const data = writtenTexts(template.at("data"), `Secret ${namespace}/${name}`);
      return [secret({ ...object, namespace }, name, data)];
    });
  }
  return [];
}

function secret(object: ManifestObject, name: string, stringData: SecretTexts): ManifestObject {
  const positionOf = (): ReturnType<ManifestObject["positionOf"]> =>
    object.positionOf(["metadata", "name"]);
  return { ...object, kind: "Secret", apiVersion: "v1", name, value: { stringData }, positionOf };
}

/** What an ExternalSecret writes; undefined where it does not say every key. */
function externalData(
  spec: Field,
  target: Field,
  secretName: string,
  fetched: FetchedTexts,
): SecretTexts | undefined {
  const policy = target.text("creationPolicy") ?? "Owner";
  const template = target.at("template");
  if (!["Owner", "Orphan"].includes(policy) || template.items("templateFrom").length > 0) {
    return undefined;
  }
  const written = writtenTexts(template.at("data"), secretName, fetched.texts);
  const isWhole = Object.keys(written).length > 0 && template.text("mergePolicy") !== "Merge";
  if (isWhole) return written;
  if (!fetched.isWhole) return undefined;
  const keys = spec.items("data").map((one) => one.text("secretKey"));
  return keys.every((key) => key !== undefined)
    ? { ...unknownTexts(keys, secretName), ...Object.fromEntries(fetched.texts), ...written }
    : undefined;
}

/** What an ExternalSecret fetches. */
interface FetchedTexts {
  /** What is known of it, by its keys. */
  readonly texts: ReadonlyMap<string, Template>;
  /** Whether all that it fetches in bulk is known. */
  readonly isWhole: boolean;
}

/**
 * What a store of the kind kubernetes fetches of Secrets that are among the objects. Of two sources of
 * a key the later one counts, so that one that is not known hides all before it.
 *
 * Source: https://external-secrets.io/latest/provider/kubernetes/
 */
function fetchedTexts(spec: Field, object: ManifestObject, sources: SecretSources): FetchedTexts {
  const texts = new Map<string, Template>();
  let isWhole = true;
  const dataOf = (
    one: Field,
    key: string | undefined,
  ): ReadonlyMap<string, Template> | undefined => {
    const own = one.at("sourceRef", "storeRef");
    const store = own.exists ? own : spec.at("secretStoreRef");
    const named = {
      kind: store.text("kind") ?? "SecretStore",
      namespace: object.namespace,
      name: store.text("name") ?? "",
    };
    const found = sources.stores.get(storeName(named));
    const provider = found && Field.of(found).at("spec", "provider", "kubernetes");
    const url = provider?.text("server", "url") ?? "kubernetes.default";
    // Another cluster's Secrets are not among these.
    if (!provider?.exists || !url.includes("kubernetes.default") || key === undefined) {
      return undefined;
    }
    const namespace = provider.text("remoteNamespace") ?? "default";
    const remote = sources.given.get(nameOf({ namespace, name: key }));
    if (remote === undefined) return undefined;
    const root = Field.of(remote);
    return new Map(
      [...root.entries("data"), ...root.entries("stringData")].flatMap(([name, field]) => {
        const text = templateOf(field);
        const isHidden = text === undefined || text.test(/^ENC\[/);
        const unknown = Template.unknown(`Secret ${namespace}/${key} ${name}`);
        return [[name, isHidden ? unknown : text] as const];
      }),
    );
  };
  for (const one of spec.items("dataFrom")) {
    const extract = one.at("extract");
    const isPlain = !one.at("rewrite").exists && !extract.at("property").exists;
    const data = isPlain ? dataOf(one, extract.text("key")) : undefined;
    if (data === undefined) {
      texts.clear();
      isWhole = false;
    }
    for (const [key, text] of data ?? []) texts.set(key, text);
  }
  for (const one of spec.items("data")) {
    const property = one.text("remoteRef", "property") ?? "";
    const text = dataOf(one, one.text("remoteRef", "key"))?.get(property);
    const key = one.text("secretKey") ?? "";
    if (text === undefined) texts.delete(key);
    else texts.set(key, text);
  }
  return { texts, isWhole };
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

/** `{{ .host }}`, `{{ index . "pgbouncer-host" }}`. */
const KEY = /^\{\{-?\s*(?:\.(\w+)|index\s+\.\s+["`]([^"`]+)["`])\s*-?\}\}$/;

function writtenTexts(
  data: Field,
  secretName: string,
  known: ReadonlyMap<string, Template> = new Map(),
): SecretTexts {
  const entries = data.entries().map(([key, field]) => {
    const text = field.scalar();
    const unknown = Template.unknown(`${secretName} ${key}`);
    if (text === undefined || CONTROL.test(text)) return [key, unknown] as const;
    const parts: Template[] = [];
    let end = 0;
    for (const { 0: action, index } of text.matchAll(ACTION)) {
      const [, name, quoted] = KEY.exec(action) ?? [];
      const value = known.get(name ?? quoted ?? "");
      parts.push(
        Template.of(text.slice(end, index)),
        value ?? Template.unknown(`${secretName} ${action}`),
      );
      end = index + action.length;
    }
    return [key, Template.join([...parts, Template.of(text.slice(end))])] as const;
  });
  return Object.fromEntries(entries);
}
