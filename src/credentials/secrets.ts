import { BUDGET_LABEL } from "../api/names.ts";

/** The namespace and name of a Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** `data` of a Secret, as the API has it: base64 by key. */
export type SecretData = Readonly<Record<string, string>>;

/** A Secret as it is applied. */
export interface Secret {
  readonly apiVersion: "v1";
  readonly kind: "Secret";
  readonly metadata: SecretName & { readonly labels: Readonly<Record<string, string>> };
  readonly type: "Opaque";
  readonly data: SecretData;
}

/** `NAMESPACE/NAME`. */
export function secretKeyOf({ namespace, name }: SecretName): string {
  return `${namespace}/${name}`;
}

/** A Secret of a budget, from texts by key. */
export function secretOf(
  { namespace, name }: SecretName,
  budget: string,
  texts: Readonly<Record<string, string>>,
): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace,
      labels: { "app.kubernetes.io/managed-by": "weir", [BUDGET_LABEL]: budget },
    },
    type: "Opaque",
    data: Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
    ),
  };
}

/** The text of a value of a Secret; undefined when its bytes are not UTF-8. */
export function textOf(base64: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(base64, "base64"),
    );
  } catch {
    return undefined;
  }
}
