import type { KubeClient } from "./client.ts";
import { fieldOf, textAt } from "../json/fields.ts";
import { isObjectOf, objectPath, type KubeObject } from "./object.ts";
import { refusal, type KubeAnswer } from "./refusal.ts";

/** An object for server-side apply. */
export interface Applied {
  /** As in a path: `deployments`. */
  readonly plural: string;
  /** The fields that the manager wants, and no others: what it no longer names is taken away. */
  readonly object: KubeObject & {
    readonly metadata: { readonly name: string; readonly namespace?: string };
  };
}

/** The options of a server-side apply. */
interface ApplyOptions {
  /** The manager that owns the applied fields from then on. */
  readonly fieldManager: string;
  /** Whether to take over fields that another manager set otherwise; else the apply is refused. */
  readonly force: boolean;
}

/**
 * Makes an object, or changes what differs, by server-side apply. Fields of others that are not
 * named stay as they are; applying the same again changes nothing, not even the version. Unknown
 * and duplicate fields are refused.
 *
 * @returns the object as the API server has it now
 * @throws KubeRefusal with reason `Conflict` and the fields, when others set them and force is
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
function withReason({ status, body }: KubeAnswer): KubeAnswer {
  const isMisfit = textAt(body, "message")?.startsWith("failed to create typed patch object");
  return { status, body: isMisfit === true ? { ...fieldOf(body), reason: "Invalid" } : body };
}
