import type { KubeClient } from "./client.ts";
import { jsonLines } from "./jsonLines.ts";
import { isObject, refusalOf } from "./kubeAnswer.ts";
import { KubeError, KubeRefusal } from "./kubeError.ts";
import { identityOf } from "./objectIdentity.ts";
import { pathOf, type KubeObject, type Selection } from "./list.ts";

/** What a watch tells. */
export type WatchEvent =
  | {
      /** An object that leaves the selection is DELETED too. */
      readonly type: "ADDED" | "MODIFIED" | "DELETED";
      readonly object: KubeObject;
      readonly resourceVersion: string;
    }
  /** Nothing happened up to here. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

/** From where on, and how long. */
export interface WatchOptions {
  readonly resourceVersion: string;
  /** After this time the API server ends the watch by itself. */
  readonly timeoutS: number;
  readonly signal: AbortSignal;
}

/**
 * What happens to the objects of a selection after a resourceVersion, in that order. It ends when
 * the API server ends it.
 *
 * @throws KubeRefusal when the API server refuses, at once or later: 410 when it does not know
 *   any more what happened since that resourceVersion
 * @throws KubeError when the stream breaks or is none of an API server; the signal's reason
 */
export async function* watchObjects(
  client: KubeClient,
  selection: Selection,
  { resourceVersion, timeoutS, signal }: WatchOptions,
): AsyncGenerator<WatchEvent> {
  const path = pathOf(selection, {
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion,
    timeoutSeconds: `${timeoutS}`,
  });
  const what = `can't watch ${selection.plural} of ${client.server}`;
  const stream = await client.stream(path, signal);
  if (!stream.opened) {
    throw new KubeRefusal(`${what}: ${refusalOf(stream.answer)}`, stream.answer.status);
  }
  for await (const line of jsonLines(stream.chunks)) yield eventOf(line, what);
}

function eventOf(line: unknown, what: string): WatchEvent {
  const { type, object }: Record<string, unknown> = isObject(line) ? line : {};
  if (isObject(object)) {
    if (type === "ERROR") throw refusalIn(object, what);
    if (type === "BOOKMARK") {
      const version = isObject(object["metadata"]) ? object["metadata"]["resourceVersion"] : "";
      if (typeof version === "string") return { type, resourceVersion: version };
    }
    if ((type === "ADDED" || type === "MODIFIED" || type === "DELETED") && isKubeObject(object)) {
      return { type, object, resourceVersion: identityOf(object).resourceVersion };
    }
  }
  throw new KubeError(`${what}: it does not tell events as an API server does`);
}

/** Of a Status: a watch that has begun can't be refused by HTTP any more. */
function refusalIn(body: Record<string, unknown>, what: string): KubeRefusal {
  const answer = { status: typeof body["code"] === "number" ? body["code"] : 500, body };
  return new KubeRefusal(`${what}: ${refusalOf(answer)}`, answer.status);
}

function isKubeObject(object: Record<string, unknown>): object is KubeObject {
  return typeof object["kind"] === "string" && typeof object["apiVersion"] === "string";
}
