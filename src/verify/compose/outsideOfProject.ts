import { OUTSIDE_CLIENTS_ANNOTATION } from "../../api/names.ts";
import { isZero, missing, type MissingQuantity } from "../quantity.ts";
import { annotatedWhole } from "../read/targets/annotations.ts";
import {
  outsideClient,
  outsideQuestion,
  outsideRemedy,
  postgresTarget,
  type OutsideClients,
  type OutsideTarget,
} from "../read/routes/outsideClients.ts";
import type { FoundPooler } from "../read/poolers/poolers.ts";
import type { FoundPostgres } from "../read/postgres/postgresServers.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { PostgresServer } from "../system.ts";
import type { ComposeService } from "./composeService.ts";

/** Clients that no service of the project is. */
interface OutsideOfProject extends OutsideClients {
  /** What is assumed of them; of those of a Postgres, with its address. */
  readonly assumed: readonly {
    readonly question: MissingQuantity;
    readonly postgres: string | undefined;
  }[];
}

const NONE: OutsideOfProject = { clients: [], closed: new Set(), assumed: [] };

/**
 * The clients outside of the project of each pooler and each Postgres that the machine opens to them:
 * by a port that is published (of a pooler also on 127.0.0.1 alone), by the machine's own network, or
 * by a network of other projects. People publish ports to look into a system by hand, so that none is
 * assumed unless an annotation says how many there are.
 */
export function outsideOfProject(
  poolers: readonly FoundPooler[],
  servers: ReadonlyMap<FoundPostgres, PostgresServer>,
  services: readonly ComposeService[],
): OutsideOfProject {
  const found = [
    ...poolers.map((pooler) => outsideOf(pooler, pooler, services)),
    ...[...servers].map(([server, known]) =>
      outsideOf(server, postgresTarget(server, known), services),
    ),
  ];
  return {
    clients: found.flatMap(({ clients }) => clients),
    closed: new Set(found.flatMap(({ closed }) => [...closed])),
    assumed: found.flatMap(({ assumed }) => assumed),
  };
}

function outsideOf(
  listener: FoundPooler | FoundPostgres,
  target: OutsideTarget,
  services: readonly ComposeService[],
): OutsideOfProject {
  const { name, postgres } = target;
  const what = outsideQuestion(target, "project");
  const annotation = target.annotation(OUTSIDE_CLIENTS_ANNOTATION);
  const pool = annotatedWhole(annotation, what);
  if (annotation !== undefined && pool !== undefined) {
    const client = outsideClient(target, "project", annotation.place, pool);
    return isZero(pool)
      ? { ...NONE, closed: new Set(postgres === undefined ? [name] : []) }
      : { ...NONE, clients: [client] };
  }
  const opening = openingOf(listener, services, postgres === undefined);
  if (opening === undefined) return NONE;
  const remedy = `label ${outsideRemedy(target, "the service")}`;
  const question = {
    ...missing(`${what}: ${opening.why}`, opening.place, remedy),
    assumed: 0,
    answer: { object: name, annotation: OUTSIDE_CLIENTS_ANNOTATION, value: "N" },
  };
  return { ...NONE, assumed: [{ question, postgres }] };
}

/**
 * What opens a pooler or a Postgres to others than its project, and where that stands.
 *
 * @param countsLocal whether a port counts that is published for the machine alone
 */
function openingOf(
  { workload, ports }: FoundPooler | FoundPostgres,
  services: readonly ComposeService[],
  countsLocal: boolean,
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
    (one) =>
      (countsLocal || !one.isLocal) &&
      (one.ports.length === 0 || one.ports.some((number) => ports.includes(number))),
  );
  if (port === undefined) {
    const shared = own.sharedNetwork ?? other?.sharedNetwork;
    const why = "it is on a network that other projects may share";
    return shared && { why, place: shared.at("external").placeIn(object) };
  }
  const number = port.ports.find((one) => ports.includes(one));
  const name = number === undefined ? "a port of it" : `its port ${number}`;
  return { why: `${name} is published`, place: port.value.placeIn(object) };
}
