import type { KubeAnswer, KubeClient } from "./client.ts";
import { isObject } from "./kubeAnswer.ts";
import { isObjectOf, objectPath } from "./objectPlace.ts";
import { refusal } from "./objectRefusal.ts";
import type { KubeObject } from "./list.ts";

/** What is applied. */
export interface Applied {
  /** As in a path: `deployments`. */
  readonly plural: string;
  /** The fields that the manager wants, and no others: what it no longer names is taken away. */
  readonly object: KubeObject & {
    readonly metadata: { readonly name: string; readonly namespace?: string };
  };
}

/** Who applies. */
export interface ApplyOptions {
  /** Whose the fields are from then on. */
  readonly fieldManager: string;
  /** Whether fields that another manager set otherwise are taken from it; else it is refused. */
  readonly force: boolean;
}

/**
 * Makes an object, or changes what differs, by server-side apply. Fields of others that are not
 * named stay as they are; applying the same again changes nothing, not even the version. Unknown
 * and duplicate fields are refused.
 *
 * @returns the object as the API server has it now
 * @throws ObjectRefusal with reason `Conflict` and the fields, when others set them and force is
 * off; with `Invalid` or `BadRequest` when the object is not valid, whatever the status; with
 * another reason otherwise
 * @throws KubeError when there is no answer: then it may be applied or not
 */
export async function applyObject(
  client: KubeClient,
  { plural, object }: Applied,
  { fieldManager, force }: ApplyOptions,
): Promise<KubeObject> {
  const { kind, apiVersion, metadata } = object;
  const { name, namespace } = metadata;
  const place = { kind, apiVersion, plural, name, ...(namespace !== undefined && { namespace }) };
  const query = new URLSearchParams({
    fieldManager,
    force: `${force}`,
    fieldValidation: "Strict",
  });
  const answer = await client.request({
    method: "PATCH",
    path: `${objectPath(place)}?${query.toString()}`,
    // JSON is YAML; the API server knows no other name for it.
    contentType: "application/apply-patch+yaml",
    body: object,
  });
  const { status, body } = answer;
  if ((status === 200 || status === 201) && isObjectOf(object, body)) return body;
  throw refusal(client, "apply", place, withReason(answer));
}

/**
 * An object that does not fit the schema of its kind is answered with 500 and no reason, as if
 * trying again could help.
 */
function withReason(answer: KubeAnswer): KubeAnswer {
  const { status, body } = answer;
  const message = isObject(body) ? body["message"] : undefined;
  const misfit =
    typeof message === "string" && message.startsWith("failed to create typed patch object");
  return misfit && isObject(body) ? { status, body: { ...body, reason: "Invalid" } } : answer;
}
