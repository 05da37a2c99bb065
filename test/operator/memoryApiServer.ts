import type { Manifest } from "../../src/render/manifest.ts";
import type { KubeAnswer } from "../../src/kube/refusal.ts";
import type { KubeClient, KubeRequest } from "../../src/kube/client.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { fieldOf, isMapping, itemsOf, textAt } from "../../src/json/fields.ts";
import { resourceVersionOf } from "../../src/kube/object.ts";
import type { AuditEntry } from "../cluster/auditLog.ts";
import { memoryObjects } from "./memoryObjects.ts";
import { memoryWatch } from "./memoryWatch.ts";

/**
 * An API server in memory, on a clock of the test's: lists of all namespaces in pages, watches that
 * end when they were asked to, and writes onto a version that is named alone. It answers at once,
 * and knows no more than an operator asks for: the rest it refuses.
 */
export interface MemoryApiServer {
  readonly client: KubeClient;
  /** Makes an object, or changes it, as somebody else would; whoever watches is told. */
  readonly put: (object: Manifest) => void;
  /** @throws when it is not there */
  readonly read: (kind: string, namespace: string, name: string) => Manifest;
  /** Everything that it was asked, in order; a watch when it begins. */
  readonly asked: readonly AuditEntry[];
}

/** Kinds that are listed: in a path they are plurals, and in a list no object says its kind. */
const LISTED = [
  "ConnectionBudget",
  "McpServer",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "HorizontalPodAutoscaler",
  "Pod",
  "Service",
  "EndpointSlice",
];
const VERBS = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" } as const;

export function memoryApiServer(runtime: Runtime): MemoryApiServer {
  const objects = memoryObjects();
  const asked: AuditEntry[] = [];

  const list = ({ plural, query }: RequestTarget): KubeAnswer => {
    const all = objects.all(plural);
    const from = Number(query.get("continue") ?? 0);
    const until = from + Number(query.get("limit"));
    const kind = LISTED.find((each) => pluralOf(each) === plural);
    const items = all.slice(from, until).map(withoutKind);
    const metadata = {
      resourceVersion: `${objects.version()}`,
      ...(until < all.length && { continue: `${until}` }),
    };
    return { status: 200, body: { kind: `${kind}List`, metadata, items } };
  };
  const answerTo = (verb: string, place: RequestTarget, body: unknown): KubeAnswer => {
    const { plural, namespace, name, subresource } = place;
    if (verb === "list") return list(place);
    const old = objects.get(plural, `${namespace}/${name}`);
    if (verb === "create" && isMapping(body)) {
      if (old !== undefined) return refusal(409, "AlreadyExists", name);
      return { status: 201, body: objects.put(plural, body) };
    }
    if (old === undefined) return refusal(404, "NotFound", name);
    if (verb === "get") return { status: 200, body: old };
    const sent = isMapping(body) ? resourceVersionOf(body) : itemsOf(body)[0]?.["value"];
    if (sent !== resourceVersionOf(old)) return refusal(409, "Conflict", name);
    if (verb === "update" && isMapping(body)) {
      return { status: 200, body: objects.put(plural, body) };
    }
    if (verb === "patch" && subresource === "status") {
      const [, status] = itemsOf(body).map(({ value }) => value);
      return { status: 200, body: objects.put(plural, { ...old, status }) };
    }
    // The count of an Event.
    if (verb === "patch" && isMapping(body)) {
      const { metadata } = old;
      return { status: 200, body: objects.put(plural, { ...old, ...body, metadata }) };
    }
    return refusal(400, "BadRequest", name);
  };

  const note = (verb: string, uri: string, place: RequestTarget, status: number) => {
    const { plural, namespace, name, subresource } = place;
    const resource = subresource === "" ? plural : `${plural}/${subresource}`;
    const who = { user: "weir", userAgent: "weir" };
    asked.push({ ...who, verb, uri, resource, namespace, name, status });
  };
  const request = async ({ method, path, body }: KubeRequest): Promise<KubeAnswer> => {
    const found = placeOf(path);
    const place = method === "POST" ? { ...found, name: nameIn(body) } : found;
    const read = place.name === "" ? "list" : "get";
    const verb = method === "GET" ? read : VERBS[method];
    const answer = structuredClone(answerTo(verb, place, body));
    note(verb, path, place, answer.status);
    return answer;
  };
  return {
    client: {
      server: "https://memory",
      request,
      get: (path) => request({ method: "GET", path }),
      stream: async (path, signal) => {
        const place = placeOf(path);
        note("watch", path, place, 200);
        return { opened: true, chunks: memoryWatch(objects, runtime, place, signal) };
      },
      close: async () => {},
    },
    put: (object) => void objects.put(pluralOf(object.kind), object),
    read: (kind, namespace, name) => {
      const found = objects.get(pluralOf(kind), `${namespace}/${name}`);
      if (found === undefined) throw new Error(`there is no ${kind} ${namespace}/${name}`);
      return found;
    },
    asked,
  };
}

/** As in a list. */
function withoutKind(object: Manifest) {
  const { kind: _, apiVersion: __, ...rest } = object;
  return rest;
}

/** Of a kind, as in a path; of those that are asked for here. */
function pluralOf(kind: string): string {
  return `${kind.toLowerCase()}s`;
}

/** What a path asks for; empty where it does not say. */
interface RequestTarget {
  readonly plural: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly query: URLSearchParams;
}

const PATH =
  /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

function placeOf(path: string): RequestTarget {
  const { pathname, searchParams: query } = new URL(path, "https://memory");
  const [, namespace = "", plural = "", name = "", subresource = ""] = PATH.exec(pathname) ?? [];
  return { plural, namespace, name, subresource, query };
}

function nameIn(body: unknown): string {
  return isMapping(body) ? (textAt(fieldOf(body, "metadata"), "name") ?? "") : "";
}

function refusal(code: number, reason: string, name: string): KubeAnswer {
  const status = { kind: "Status", apiVersion: "v1", reason, message: reason, code };
  return { status: code, body: { ...status, details: { name } } };
}
