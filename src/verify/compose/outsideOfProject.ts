import { OUTSIDE_CLIENTS_ANNOTATION } from "../../api/names.ts";
import { isZero, missing, type MissingQuantity } from "../quantity.ts";
import { annotatedWhole } from "../read/annotations.ts";
import { outsideClient } from "../read/outsideClients.ts";
import type { FoundPooler } from "../read/poolers.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { Client } from "../system.ts";
import type { ComposeService } from "./composeService.ts";

/** Clients that no service of the project is. */
interface OutsideOfProject {
  readonly clients: readonly Client[];
  /** What is assumed of them. */
  readonly missing: readonly MissingQuantity[];
}

/**
 * The clients outside of the project of each pooler that the machine opens to them: by a port that is
 * published, also on 127.0.0.1 alone, or by the machine's own network. People publish ports to look
 * into a system by hand, so that none is assumed unless an annotation says how many there are.
 */
export function outsideOfProject(
  poolers: readonly FoundPooler[],
  services: readonly ComposeService[],
): OutsideOfProject {
  const found = poolers.map((pooler): OutsideOfProject => {
    const what = `how many connections clients outside of the project open on ${pooler.name}`;
    const annotation = pooler.annotation(OUTSIDE_CLIENTS_ANNOTATION);
    const pool = annotatedWhole(annotation, what);
    if (annotation !== undefined && pool !== undefined) {
      const client = outsideClient(pooler, "project", annotation.place, pool);
      return { clients: isZero(pool) ? [] : [client], missing: [] };
    }
    const opening = openingOf(pooler, services);
    if (opening === undefined) return { clients: [], missing: [] };
    const question = missing(
      `${what}: ${opening.why}`,
      opening.place,
      `label the service with ${OUTSIDE_CLIENTS_ANNOTATION}: "N", the most that they open together, all with one login; or "0", if nobody outside connects`,
    );
    const answer = { object: pooler.name, annotation: OUTSIDE_CLIENTS_ANNOTATION, value: "N" };
    return { clients: [], missing: [{ ...question, assumed: 0, answer }] };
  });
  return {
    clients: found.flatMap(({ clients }) => clients),
    missing: found.flatMap((one) => one.missing),
  };
}

/** What opens a pooler to others than its project, and where that stands. */
function openingOf(
  { workload, ports }: FoundPooler,
  services: readonly ComposeService[],
): { readonly why: string; readonly place: SourcePosition } | undefined {
  const own = services.find((service) => service.workload === workload);
  if (own === undefined) return undefined;
  const { network, value } = own;
  const { object } = own.workload;
  if (network === "machine") {
    const place = value.at("network_mode").placeIn(object);
    return { why: "it is on the network of the machine", place };
  }
  // The ports of a shared network are published by the service whose network it is.
  const other = services.find(
    ({ name }) => typeof network === "object" && name === network.service,
  );
  const open = [own, ...(other === undefined ? [] : [other])].flatMap(({ opened }) => opened);
  const port = open.find(
    (one) => one.ports.length === 0 || one.ports.some((number) => ports.includes(number)),
  );
  if (port === undefined) return undefined;
  const number = port.ports.find((one) => ports.includes(one));
  const name = number === undefined ? "a port of it" : `its port ${number}`;
  return { why: `${name} is published`, place: port.value.placeIn(object) };
}
