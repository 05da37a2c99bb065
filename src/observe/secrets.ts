import { secretKeyOf, textOf, type SecretData, type SecretName } from "../credentials/secrets.ts";
import { KubeError, KubeRefusal, isRefusal, type KubeAnswer } from "../kube/refusal.ts";
import type { KubeClient } from "../kube/client.ts";
import { isMapping } from "../json/fields.ts";
import { objectPath } from "../kube/object.ts";
import { UnavailableError } from "../model/observation.ts";
import { deadlineOf } from "../runtime/deadline.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { semaphore } from "../runtime/semaphore.ts";

const SECRET = { apiVersion: "v1", kind: "Secret", plural: "secrets" };

/** Requests under way at the same time. */
const CONCURRENCY = 8;

/**
 * Reads Secrets by name, `get` alone: a login that may list Secrets may read all of them.
 *
 * @returns the data of each, base64 by key, in the order of the names; undefined: there is none
 * @throws KubeError at the first that can't be read
 */
export async function readSecrets(
  client: KubeClient,
  names: readonly SecretName[],
): Promise<readonly (SecretData | undefined)[]> {
  const { acquire } = semaphore(CONCURRENCY);
  let failed = false;
  const read = async (name: SecretName) => {
    // An earlier read has failed already; its error is the result.
    if (failed) return undefined;
    try {
      return await readSecret(client, name);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  return Promise.all(names.map((name) => acquire(() => read(name))));
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
  const path = objectPath({ ...SECRET, ...secret });
  const answer = await client.request({ method: "GET", path, ...(signal && { signal }) });
  // Only an API server says this: what else answers 404 would have every password made anew.
  if (isRefusal(answer, 404, "NotFound")) return undefined;
  const data = dataOf(answer);
  if (data !== undefined) return data;
  throw new KubeRefusal(`can't read Secret ${secretKeyOf(secret)} from ${client.server}`, answer);
}

function dataOf({ status, body }: KubeAnswer): SecretData | undefined {
  if (status !== 200 || !isMapping(body) || body["kind"] !== "Secret") return undefined;
  const data = body["data"] ?? {};
  return isMapping(data) && isTexts(data) ? data : undefined;
}

function isTexts(value: Record<string, unknown>): value is Record<string, string> {
  return Object.values(value).every((each) => typeof each === "string");
}

const FORBIDDEN = 403;
/** An API server that is busy has requests wait: no PgBouncer is asked meanwhile. */
const ANSWER_MS_MAX = 3000;

/**
 * Reads a Secret by name. It is not cached: each use reads it again.
 *
 * @returns reads a key that must be there, as text that is not empty; throws UnavailableError
 * @throws UnavailableError when it is not there, may not be read, or is not given soon; the signal's
 *   reason
 */
export async function readSecretFields(
  client: KubeClient,
  runtime: Runtime,
  name: SecretName,
  signal: AbortSignal,
): Promise<(key: string) => string> {
  const title = `Secret ${secretKeyOf(name)}`;
  const deadline = deadlineOf(runtime, ANSWER_MS_MAX, signal);
  try {
    const data = await readSecret(client, name, deadline.signal);
    if (data === undefined) throw new UnavailableError("SecretMissing", `there is no ${title}`);
    return (key) => {
      const text = textOf(data[key] ?? "");
      if (text !== undefined && text !== "") return text;
      throw new UnavailableError("SecretInvalid", `${title} has no text at key ${key}`);
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
