import type { KubeClient } from "./client.ts";
import { isMapping, textAt } from "../json/fields.ts";
import { listPath, resourceVersionOf, type KubeObject, type Listed } from "./object.ts";
import { KubeError, KubeRefusal, type KubeAnswer } from "./refusal.ts";

/** Objects of one answer. */
const PAGE = 500;
/** How often a list whose pages expired is begun anew. */
const RESTARTS_MAX = 2;

/** Objects of one kind: of one namespace or of all, and those that both selectors choose. */
export interface Selection extends Listed {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/**
 * All objects of a kind, page by page, of one namespace or of all. Each says its kind, which the
 * API server leaves out in lists.
 *
 * @throws KubeError when they can't be listed; 410 (the list changed too much) begins anew
 */
export async function listObjects(
  client: KubeClient,
  listed: Listed,
  namespace?: string,
): Promise<readonly KubeObject[]> {
  const { items } = await listAll(client, { ...listed, namespace }, (object) => object);
  return items;
}

/** All objects of a list, as of one moment. */
interface List<T> {
  readonly items: readonly T[];
  /** That moment: a watch from this version on misses nothing. */
  readonly resourceVersion: string;
}

/**
 * Lists as `listObjects` does, and keeps of each object what the caller wants: no more than one
 * page is held as it came. What it says is the state of now, not that of a cache.
 *
 * @param keep takes an object, which says its kind
 * @throws as `listObjects`; the signal's reason when that ends it
 */
export async function listAll<T>(
  client: KubeClient,
  selection: Selection,
  keep: (object: KubeObject) => T,
  signal?: AbortSignal,
): Promise<List<T>> {
  for (let restarts = 0; ; restarts++) {
    const list = await allPages(client, selection, keep, signal);
    if (list !== "expired") return list;
    if (restarts >= RESTARTS_MAX) {
      throw new KubeError(
        `can't list ${selection.plural} of ${client.server}: its pages expire too soon`,
      );
    }
  }
}

async function allPages<T>(
  client: KubeClient,
  selection: Selection,
  keep: (object: KubeObject) => T,
  signal: AbortSignal | undefined,
): Promise<List<T> | "expired"> {
  const { kind, apiVersion } = selection;
  const items: T[] = [];
  let next = "";
  for (;;) {
    const path = pathOf(selection, { limit: `${PAGE}`, ...(next !== "" && { continue: next }) });
    const answer = await client.request({ method: "GET", path, ...(signal && { signal }) });
    if (answer.status === 410 && next !== "") return "expired";
    const page = pageOf(answer, client, selection);
    for (const item of page.items) items.push(keep({ ...item, kind, apiVersion }));
    next = page.continues;
    if (next === "") return { items, resourceVersion: page.resourceVersion };
  }
}

/**
 * The path of a selection, with a query.
 *
 * @throws as `listPath`
 */
export function pathOf(
  { labelSelector, fieldSelector, ...listed }: Selection,
  query: Readonly<Record<string, string>>,
): string {
  const parameters = new URLSearchParams({
    ...query,
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  });
  return `${listPath(listed)}?${parameters.toString()}`;
}

function pageOf(answer: KubeAnswer, client: KubeClient, { kind, plural }: Listed) {
  const { status, body } = answer;
  if (status === 200 && isMapping(body) && body["kind"] === `${kind}List`) {
    const items: unknown = body["items"] ?? [];
    if (Array.isArray(items) && items.every(isMapping)) {
      // Empty: it is the last one.
      const continues = textAt(body, "metadata", "continue") ?? "";
      return { items, continues, resourceVersion: resourceVersionOf(body) };
    }
  }
  throw new KubeRefusal(`can't list ${plural} of ${client.server}`, answer);
}
