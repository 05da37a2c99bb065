import { formatPath } from "../../../api/fieldPath.ts";
import { OUTSIDE_CLIENTS_ANNOTATION } from "../../../api/names.ts";
import {
  assumed,
  isZero,
  known,
  missing,
  type MissingQuantity,
  type Quantity,
} from "../../quantity.ts";
import { objectOf, type SourcePosition } from "../../sourcePosition.ts";
import { postgresAddresses, type Client, type PostgresServer, type System } from "../../system.ts";
import type { Annotation } from "../../workload.ts";
import type { AddressBook } from "../objects/addresses.ts";
import { annotatedWhole } from "../targets/annotations.ts";
import { Exposures, type Exposable, type Exposure } from "./exposures.ts";
import { Field } from "../objects/field.ts";
import type { Inventory } from "../objects/inventory.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import type { FoundPooler } from "../poolers/poolers.ts";
import type { FoundPostgres } from "../postgres/postgresServers.ts";
import type { TcpProxy } from "./tcpProxies.ts";

/** What clients that are among no objects connect to. */
export interface OutsideTarget {
  /** `Deployment shop/pooler`. */
  readonly name: string;
  readonly place: SourcePosition;
  readonly annotation: (name: string) => Annotation | undefined;
  /** The address of a Postgres; absent: a pooler of that name. */
  readonly postgres?: string;
}

/** A Postgres as such a target. */
export function postgresTarget(
  { place, annotation }: FoundPostgres,
  { address }: PostgresServer,
): OutsideTarget {
  return { name: objectOf(place), place, annotation, postgres: address };
}

/** How the connections that they open are called: `open on Deployment shop/pooler`. */
export function outsideQuestion(target: OutsideTarget, whole: "cluster" | "project"): string {
  const past = target.postgres === undefined ? "" : ", past every PgBouncer";
  return `how many connections clients outside of the ${whole} open on ${target.name}${past}`;
}

/** How a person can say it. */
export function outsideRemedy(target: OutsideTarget, object: string): string {
  const login = target.postgres === undefined ? ", all with one login" : "";
  return `${object} with ${OUTSIDE_CLIENTS_ANNOTATION}: "N", the most that they open together${login}; or "0", if nobody outside connects`;
}

/** Clients that are among no objects. */
export interface OutsideClients {
  readonly clients: readonly Client[];
  /** Names of poolers of which an annotation says that there are none. */
  readonly closed: ReadonlySet<string>;
}

/**
 * The clients outside of the cluster of each pooler and each Postgres that can be reached from there,
 * or of which an annotation says that they have some: they are among no objects, so that only an
 * annotation says how many connections they open.
 */
export function outsideClients(
  inventory: Inventory,
  book: AddressBook,
  {
    poolers,
    servers,
    proxies,
  }: {
    readonly poolers: readonly FoundPooler[];
    readonly servers: ReadonlyMap<FoundPostgres, PostgresServer>;
    readonly proxies: readonly TcpProxy[];
  },
  knowledge: Knowledge,
): OutsideClients {
  const exposures = new Exposures(inventory, book, knowledge);
  for (const proxy of proxies) exposures.addProxy(proxy);
  const closed = new Set<string>();
  const clientsOf = (target: OutsideTarget, one: Exposable): readonly Client[] => {
    const open = exposures.of(one);
    const opened = poolsOf(inventory, target, open);
    const { unsaid } = one;
    // Of one that is open it may mean those outside of the cluster alone.
    const isOpen = open.some(({ isSaid }) => isSaid === undefined) || unsaid !== undefined;
    if (!isOpen && opened.length > 0 && opened.every(({ pool }) => isZero(pool))) {
      closed.add(target.name);
    }
    const found =
      opened.length > 0 || unsaid === undefined ? opened : [assumedClosed(target, unsaid)];
    return found.flatMap(({ pool, by }) => {
      if (pool.known && pool.value === 0 && pool.assuming === undefined) return [];
      const route = found.length === 1 ? "" : `, by ${objectOf(by.place())}`;
      return [outsideClient(target, "cluster", by.place(), pool, route)];
    });
  };
  const clients = [
    ...poolers.flatMap((pooler) =>
      clientsOf(pooler, { ...pooler, endpoint: { kind: "pooler", name: pooler.name } }),
    ),
    ...[...servers].flatMap(([server, { address, ...rest }]) =>
      clientsOf(postgresTarget(server, { address, ...rest }), {
        ...server,
        endpoint: { kind: "postgres", address },
      }),
    ),
  ];
  return { clients, closed };
}

/**
 * Clients of a pooler or a Postgres that are among no objects, with one login together.
 *
 * @param whole what they are outside of: the cluster, or the project of a compose file
 * @param pool what all of them open
 * @param route what tells them from others of the same target
 */
export function outsideClient(
  { name: of, postgres }: OutsideTarget,
  whole: "cluster" | "project",
  place: SourcePosition,
  pool: Quantity,
  route = "",
): Client {
  const name = `clients outside of the ${whole}, of ${of}${route}`;
  const unknownOne = `the login of ${name}`;
  return {
    name,
    workload: of,
    place,
    pods: known(1, "all of them"),
    processesPerPod: known(1, "1 process"),
    pool,
    target:
      postgres === undefined
        ? {
            kind: "pooler",
            pooler: of,
            database: unknownOne,
            user: unknownOne,
            unknown: ["database", "user"],
            isUnnamed: true,
            place,
          }
        : { kind: "postgres", postgres, place },
  };
}

/**
 * Whether a Postgres has a sum without its clients outside: a pooler leads to it, or a client that is
 * known.
 */
export function hasSum({
  poolers,
  clients,
  postgres,
}: Pick<System, "poolers" | "clients" | "postgres">): (address: string) => boolean {
  const lines = poolers.flatMap(({ groups }) => groups.flatMap((group) => group.lines));
  const used = new Set([
    ...lines.flatMap(postgresAddresses),
    ...clients.flatMap(({ target }) => (target.kind === "postgres" ? target.postgres : [])),
  ]);
  const reached = postgres.filter((server) =>
    [server.address, ...server.aliases].some((one) => used.has(one)),
  );
  const addresses = new Set(reached.map(({ address }) => address));
  return (address) => addresses.has(address);
}

/** What clients outside open, and what leads them there. */
interface OutsidePool {
  readonly pool: Quantity;
  readonly by: Field;
}

/** What an operator's settings may open that are not among the objects: assumed is that nobody comes. */
function assumedClosed(target: OutsideTarget, by: Field): OutsidePool {
  const what = outsideQuestion(target, "cluster");
  const said = annotatedWhole(target.annotation(OUTSIDE_CLIENTS_ANNOTATION), what);
  if (said !== undefined) return { pool: said, by };
  const why = `${what}: unless ${formatPath(by.path)} says it, its operator's settings do, which are not among the objects`;
  const remedy = `give these settings too, or annotate ${outsideRemedy(target, target.name)}`;
  const answer = { object: target.name, annotation: OUTSIDE_CLIENTS_ANNOTATION, value: "0" };
  const question = { ...missing(why, by.place(), remedy), answer };
  return { pool: assumed(question, 0, "nobody outside"), by };
}

/** What an annotation of the target says of all of them, or of an object of those that it opens. */
function poolsOf(
  inventory: Inventory,
  target: OutsideTarget,
  exposures: readonly Exposure[],
): readonly OutsidePool[] {
  const [first] = exposures;
  const what = outsideQuestion(target, "cluster");
  const own = annotatedWhole(target.annotation(OUTSIDE_CLIENTS_ANNOTATION), what);
  const by = first?.field ?? Field.of(target.place.object);
  if (own !== undefined) return [{ pool: own, by }];
  const byObject = new Map<string, Exposure>();
  for (const exposure of exposures) {
    const key = objectOf(exposure.field.place());
    if (!byObject.has(key)) byObject.set(key, exposure);
  }
  const unknown: Exposure[] = [];
  const pools = [...byObject.values()].flatMap((exposure): readonly OutsidePool[] => {
    const metadata = Field.of(exposure.field.object).at("metadata");
    const annotation = inventory.annotation(OUTSIDE_CLIENTS_ANNOTATION, metadata);
    const pool = annotatedWhole(annotation, what);
    if (pool === undefined) unknown.push(exposure);
    return pool === undefined ? [] : [{ pool, by: exposure.field }];
  });
  const [asked, another] = unknown;
  if (asked === undefined) return pools;
  // Of several, one annotation of the target is the shortest answer.
  const object = objectOf(another === undefined ? asked.field.place() : target.place);
  return [...pools, { pool: unknownPool(target, asked, object), by: asked.field }];
}

function unknownPool(
  target: OutsideTarget,
  { why, field }: Exposure,
  object: string,
): MissingQuantity {
  const question = missing(
    `${outsideQuestion(target, "cluster")}: ${why}`,
    field.place(),
    `annotate ${outsideRemedy(target, object)}`,
  );
  return { ...question, answer: { object, annotation: OUTSIDE_CLIENTS_ANNOTATION, value: "N" } };
}
