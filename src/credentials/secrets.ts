import { BUDGET_LABEL } from "../api/names.ts";
import type { KubeAnswer, KubeClient } from "../kube/client.ts";
import { isObject, KUBE_NAME, refusalOf } from "../kube/kubeAnswer.ts";
import { KubeError, KubeRefusal } from "../kube/kubeError.ts";
import { isRefusal } from "../kube/objectRefusal.ts";
import { UnavailableError } from "../model/observation.ts";
import { deadlineOf } from "../runtime/deadline.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** What tells a Secret from all others. */
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

/** Requests under way at the same time. */
const CONCURRENCY = 8;

/**
 * Reads Secrets by name, `get` alone: whoever may list Secrets may read all of them.
 *
 * @returns the data of each, base64 by key, in the order of the names; undefined: there is none
 * @throws KubeError at the first that can't be read
 */
export async function readSecrets(
  client: KubeClient,
  names: readonly SecretName[],
): Promise<readonly (SecretData | undefined)[]> {
  const found = names.map((): SecretData | undefined => undefined);
  const waiting = names.entries();
  let failed = false;
  const work = async () => {
    for (const [index, name] of waiting) {
      if (failed) return;
      try {
        found[index] = await readSecret(client, name);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return found;
}

/**
 * Reads one Secret.
 *
 * @throws KubeError when it can't be read; the signal's reason when that ends it
 */
async function readSecret(
  client: KubeClient,
  secret: SecretName,
  signal?: AbortSignal,
): Promise<SecretData | undefined> {
  const { namespace, name } = secret;
  if (!KUBE_NAME.test(name) || !KUBE_NAME.test(namespace)) {
    throw new KubeError(`${secretKeyOf(secret)} is no name that a Secret can have`);
  }
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const answer = await client.request({ method: "GET", path, ...(signal && { signal }) });
  // Only an API server says this: what else answers 404 would have every password made anew.
  if (isRefusal(answer, 404, "NotFound")) return undefined;
  const data = dataOf(answer);
  if (data !== undefined) return data;
  throw new KubeRefusal(
    `can't read Secret ${secretKeyOf(secret)} from ${client.server}: ${refusalOf(answer)}`,
    answer.status,
  );
}

function dataOf({ status, body }: KubeAnswer): SecretData | undefined {
  if (status !== 200 || !isObject(body) || body["kind"] !== "Secret") return undefined;
  const data = body["data"] ?? {};
  return isObject(data) && isTexts(data) ? data : undefined;
}

function isTexts(value: Record<string, unknown>): value is Record<string, string> {
  return Object.values(value).every((each) => typeof each === "string");
}

/** Reads a key of a Secret. */
export type SecretField = (key: string) => string | undefined;

const FORBIDDEN = 403;
/** An API server that is busy has requests wait: no PgBouncer is asked meanwhile. */
const ANSWER_MS_MAX = 3000;

/**
 * Reads a Secret by name. Nobody keeps it: who needs it again, reads it again.
 *
 * @throws UnavailableError when it is not there, may not be read, or is not given soon; the signal's
 *   reason
 */
export async function readSecretFields(
  client: KubeClient,
  runtime: Runtime,
  name: SecretName,
  signal: AbortSignal,
): Promise<SecretField> {
  const title = `Secret ${secretKeyOf(name)}`;
  const deadline = deadlineOf(runtime, ANSWER_MS_MAX, signal);
  try {
    const data = await readSecret(client, name, deadline.signal);
    if (data === undefined) throw new UnavailableError("SecretMissing", `there is no ${title}`);
    return (key) => {
      const value = data[key];
      return value === undefined || value === "" ? undefined : textOf(value);
    };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof KubeRefusal && cause.status === FORBIDDEN) {
      throw new UnavailableError(
        "SecretForbidden",
        `weir may not read ${title}: give it get on it`,
      );
    }
    if (cause instanceof KubeError || deadline.signal.aborted) {
      throw new UnavailableError(
        "Unreachable",
        `can't read ${title}: the API server does not give it`,
      );
    }
    throw cause;
  } finally {
    deadline.release();
  }
}

/**
 * A key that must be there, as text that is not empty.
 *
 * @throws UnavailableError
 */
export function requiredField(field: SecretField, name: SecretName, key: string): string {
  const text = field(key);
  if (text !== undefined && text !== "") return text;
  throw new UnavailableError(
    "SecretInvalid",
    `Secret ${secretKeyOf(name)} has no text at key ${key}`,
  );
}
