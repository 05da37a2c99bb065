import type { KubeClient } from "./client.ts";
import { fieldOf, isMapping, numberAt } from "../json/fields.ts";
import { pathOf, type Selection } from "./list.ts";
import { identityOf, resourceVersionOf, type KubeObject } from "./object.ts";
import { KubeError, KubeRefusal } from "./refusal.ts";

/** An event of a watch. */
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
interface WatchOptions {
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
  if (!stream.opened) throw new KubeRefusal(what, stream.answer);
  for await (const line of jsonLines(stream.chunks)) yield eventOf(line, what);
}

function eventOf(line: unknown, what: string): WatchEvent {
  const { type, object } = fieldOf(line);
  if (isMapping(object)) {
    // A watch that has begun can't be refused by HTTP any more.
    if (type === "ERROR") {
      throw new KubeRefusal(what, { status: numberAt(object, "code") ?? 500, body: object });
    }
    const resourceVersion = resourceVersionOf(object);
    if (type === "BOOKMARK" && resourceVersion !== "") return { type, resourceVersion };
    if ((type === "ADDED" || type === "MODIFIED" || type === "DELETED") && isKubeObject(object)) {
      return { type, object, resourceVersion: identityOf(object).resourceVersion };
    }
  }
  throw new KubeError(`${what}: it does not send events as an API server does`);
}

function isKubeObject(object: Record<string, unknown>): object is KubeObject {
  return typeof object["kind"] === "string" && typeof object["apiVersion"] === "string";
}

/** etcd holds objects of 1.5 MiB; a longer line is none of an API server, and would fill memory. */
const LINE_CHARS_MAX = 16 * 1024 * 1024;

/**
 * The values of a stream with one JSON text on each line, each as soon as its line has ended. The
 * beginning of a line that never ended is dropped: the stream was cut there.
 *
 * @throws KubeError at a line that is no JSON or has no end; what the stream throws
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator {
  const decoder = new TextDecoder();
  let begun = "";
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    begun += first;
    for (const line of others) {
      if (begun !== "") yield jsonOf(begun);
      begun = line;
    }
    if (begun.length > LINE_CHARS_MAX) {
      throw new KubeError(`a line of the stream has more than ${LINE_CHARS_MAX} characters`);
    }
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    // The line may be a Secret, so no message contains any of it.
    throw new KubeError("a line of the stream is not JSON", { cause });
  }
}
