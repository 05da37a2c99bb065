import type { KubeClient } from "./client.ts";
import type { KubeObject } from "./list.ts";
import { isObjectOf, objectPath, type ObjectPlace } from "./objectPlace.ts";
import { isAbsent, refusal } from "./objectRefusal.ts";

/**
 * Reads one object, as it is now.
 *
 * @returns undefined when there is none
 * @throws KubeError when it can't be read; the signal's reason when that ends it
 */
export async function readObject(
  client: KubeClient,
  place: ObjectPlace,
  signal?: AbortSignal,
): Promise<KubeObject | undefined> {
  const path = objectPath(place);
  const answer = await client.request({ method: "GET", path, ...(signal && { signal }) });
  const { status, body } = answer;
  if (isAbsent(answer, place.name)) return undefined;
  if (status === 200 && isObjectOf(place, body)) return body;
  throw refusal(client, "read", place, answer);
}
