import { fieldOf, itemsOf, numberAt, textAt } from "../kube/fields.ts";
import type { KubeObject } from "../kube/list.ts";

/** What is kept of a Service. */
export interface CachedService {
  /** Of type ExternalName: the name that it stands for. */
  readonly externalName?: string;
  /** The names of its ports, by number; the only one may have none. */
  readonly portNames: ReadonlyMap<number, string>;
}

/** What is kept of an EndpointSlice: its endpoints, but those that terminate. */
export interface CachedSlice {
  /** `namespace/name` of its Service. */
  readonly service: string;
  readonly ports: ReadonlyMap<string, number>;
  readonly endpoints: readonly { readonly address: string; readonly pod?: string }[];
}

const SERVICE_LABEL = "kubernetes.io/service-name";

export function toCachedService(object: KubeObject): CachedService {
  const spec = fieldOf(object, "spec");
  const externalName = spec["type"] === "ExternalName" ? textAt(spec, "externalName") : undefined;
  return {
    ...(externalName !== undefined && { externalName }),
    portNames: new Map(
      itemsOf(spec["ports"]).map((port) => [
        numberAt(port, "port") ?? 0,
        textAt(port, "name") ?? "",
      ]),
    ),
  };
}

export function toCachedSlice(object: KubeObject): CachedSlice {
  const metadata = fieldOf(object, "metadata");
  const service = textAt(fieldOf(metadata, "labels"), SERVICE_LABEL) ?? "";
  return {
    service: `${textAt(metadata, "namespace") ?? ""}/${service}`,
    ports: new Map(
      itemsOf(object["ports"]).flatMap((port) => {
        const number = numberAt(port, "port");
        return number === undefined ? [] : [[textAt(port, "name") ?? "", number] as const];
      }),
    ),
    endpoints: itemsOf(object["endpoints"]).flatMap((endpoint) => {
      const { addresses } = endpoint;
      const address: unknown = Array.isArray(addresses) ? addresses[0] : undefined;
      // One that is not ready keeps the clients that it has: a PgBouncer that is full may fail its
      // readiness probe, and is then the one to look at.
      if (typeof address !== "string" || fieldOf(endpoint, "conditions")["terminating"] === true) {
        return [];
      }
      const { kind, name } = fieldOf(endpoint, "targetRef");
      return [{ address, ...(kind === "Pod" && typeof name === "string" && { pod: name }) }];
    }),
  };
}
