import { isDeepStrictEqual } from "node:util";
import { backoffMs } from "../runtime/backoff.ts";
import { sleep, type Runtime } from "../runtime/runtime.ts";
import type { KubeClient } from "./client.ts";
import {
  objectPath,
  readObject,
  resourceVersionOf,
  type KubeObject,
  type ObjectPlace,
} from "./object.ts";
import { isRefusal, KubeError, objectTitle, refusal } from "./refusal.ts";

/** How often others may be faster, before it is given up. */
const TRIES_MAX = 10;
const PAUSE = { firstMs: 10, maxMs: 1000 };

/** A status to write. */
export interface StatusChange {
  readonly place: ObjectPlace;
  /**
   * The whole status that an object should have, from the object as it is: it is called again
   * with a fresh one when somebody else wrote meanwhile. An object that was deleted and made anew
   * has another `metadata.uid`.
   */
  readonly statusFor: (object: KubeObject) => Readonly<Record<string, unknown>>;
  readonly fieldManager: string;
  /**
   * The last known object, which saves a request; it may be old. The wanted status is then compared
   * with this object: if it is old and has the wanted status already, nothing is written until the
   * newer object arrives.
   */
  readonly known?: KubeObject;
}

/**
 * Writes an object's status, if it differs, and only onto the very version that it was made for
 * (compare-and-swap): no write of anybody is lost.
 *
 * @returns what became of it; `absent`: there is no such object
 * @throws KubeRefusal when the API server does not take it: unknown fields are refused too
 * @throws KubeError when there is no answer, or others were faster ten times in a row
 */
export async function writeStatus(
  client: KubeClient,
  runtime: Runtime,
  { place, statusFor, fieldManager, known }: StatusChange,
): Promise<"written" | "unchanged" | "absent"> {
  const query = new URLSearchParams({ fieldManager, fieldValidation: "Strict" });
  let object = known;
  for (let tries = 1; ; tries++) {
    object ??= await readObject(client, place);
    if (object === undefined) return "absent";
    const status = asSent(statusFor(object));
    if (isDeepStrictEqual(status, object["status"] ?? {})) return "unchanged";
    // A patch that names a version is refused with a conflict when the object has another.
    const answer = await client.request({
      method: "PATCH",
      path: `${objectPath(place)}/status?${query.toString()}`,
      contentType: "application/json-patch+json",
      body: [
        { op: "replace", path: "/metadata/resourceVersion", value: resourceVersionOf(object) },
        { op: "add", path: "/status", value: status },
      ],
    });
    if (answer.status === 200) return "written";
    // The object is gone, or its kind has no status subresource: reading the object shows which.
    const gone = answer.status === 404 && (await readObject(client, place)) === undefined;
    if (gone) return "absent";
    if (!isRefusal(answer, 409, "Conflict")) {
      throw refusal(client, "write the status of", place, answer);
    }
    if (tries >= TRIES_MAX) {
      throw new KubeError(
        `can't write the status of ${objectTitle(place)} of ${client.server}: others wrote it ` +
          `${tries} times meanwhile`,
      );
    }
    object = undefined;
    await sleep(runtime, backoffMs(PAUSE, tries, runtime.random));
  }
}

/** Without what JSON leaves out: members that are undefined. */
function asSent(status: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(JSON.stringify(status));
}
