import type { KubeAnswer, KubeClient } from "./client.ts";
import { isObject, KUBE_NAME, refusalOf } from "./kubeAnswer.ts";
import { KubeError } from "./kubeError.ts";

/** Objects of one answer. */
const PAGE = 500;
/** How often a list whose pages expired is begun anew. */
const RESTARTS_MAX = 2;

/** A kind of objects, and where the API has them. */
export interface Listed {
  readonly kind: string;
  readonly apiVersion: string;
  /** As in a path: `deployments`. */
  readonly plural: string;
}

/** An object as the API server holds it: nothing is known of its fields but these. */
export type KubeObject = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly apiVersion: string;
};

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
  if (namespace !== undefined && !KUBE_NAME.test(namespace)) {
    throw new KubeError(`${namespace} is no name that a namespace can have`);
  }
  for (let restarts = 0; ; restarts++) {
    const objects = await allPages(client, listed, namespace);
    if (objects !== "expired") return objects;
    if (restarts >= RESTARTS_MAX) {
      throw new KubeError(
        `can't list ${listed.plural} of ${client.server}: its pages expire too soon`,
      );
    }
  }
}

async function allPages(
  client: KubeClient,
  listed: Listed,
  namespace: string | undefined,
): Promise<readonly KubeObject[] | "expired"> {
  const path = pathOf(listed, namespace);
  const objects: KubeObject[] = [];
  let next = "";
  do {
    const query = next === "" ? "" : `&continue=${encodeURIComponent(next)}`;
    const answer = await client.get(`${path}?limit=${PAGE}${query}`);
    if (answer.status === 410 && next !== "") return "expired";
    const { items, continues } = pageOf(answer, client, listed);
    const { kind, apiVersion } = listed;
    objects.push(...items.map((item) => ({ ...item, kind, apiVersion })));
    next = continues;
  } while (next !== "");
  return objects;
}

function pathOf({ apiVersion, plural }: Listed, namespace: string | undefined): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined
    ? `${group}/${plural}`
    : `${group}/namespaces/${namespace}/${plural}`;
}

interface Page {
  readonly items: readonly Record<string, unknown>[];
  /** Empty: it is the last one. */
  readonly continues: string;
}

function pageOf(answer: KubeAnswer, client: KubeClient, { kind, plural }: Listed): Page {
  const { status, body } = answer;
  if (status === 200 && isObject(body) && body["kind"] === `${kind}List`) {
    const items: unknown = body["items"] ?? [];
    const metadata = isObject(body["metadata"]) ? body["metadata"] : {};
    const continues = metadata["continue"] ?? "";
    if (Array.isArray(items) && items.every(isObject) && typeof continues === "string") {
      return { items, continues };
    }
  }
  throw new KubeError(`can't list ${plural} of ${client.server}: ${refusalOf(answer)}`);
}
