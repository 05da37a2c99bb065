import type { KubeClient } from "../kube/client.ts";
import { deadlineOf } from "../runtime/deadline.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { fieldOf, textAt } from "../kube/fields.ts";
import { KubeError, KubeRefusal } from "../kube/kubeError.ts";
import { readObject } from "../kube/readObject.ts";
import { secretKeyOf, textOf, type SecretName } from "./secret.ts";
import { UnavailableError } from "../model/observation.ts";

/** Reads a key of a Secret. */
export type SecretField = (key: string) => string | undefined;

const FORBIDDEN = 403;
/** An API server that is busy has requests wait: nobody is looked at meanwhile. */
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
    const place = { kind: "Secret", apiVersion: "v1", plural: "secrets", ...name };
    const secret = await readObject(client, place, deadline.signal);
    if (secret === undefined) throw new UnavailableError("SecretMissing", `there is no ${title}`);
    const data = fieldOf(secret, "data");
    return (key) => {
      const value = textAt(data, key);
      return value === undefined ? undefined : textOf(value);
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
