import { counted } from "../../text/wording.ts";
import { objectOf, type AuditObject, type SourcePosition } from "../sourcePosition.ts";
import type { Client, Quantity, MissingQuantity, Pooler, PoolerGroup, System } from "../system.ts";
import { Field } from "./field.ts";
import { missing } from "./quantities.ts";

/** For each object that stands several times and differs: which of them applies is missing. */
export type ConflictingObjects = ReadonlyMap<AuditObject, MissingQuantity>;

const TELL =
  "give only the manifests that are applied together; those of a kustomization: kubectl kustomize DIR | weir verify -";

/**
 * One of the objects of one name, whatever order they were read in: the one that says most. With it
 * what is missing where they differ.
 *
 * @param all at least one
 */
export function oneOf(all: readonly AuditObject[]): {
  readonly object: AuditObject | undefined;
  readonly missing?: MissingQuantity;
} {
  const [first] = all;
  if (first === undefined || all.length === 1) return { object: first };
  const texts = new Map(all.map((object) => [object, JSON.stringify(object.value)]));
  const textOf = (object: AuditObject): string => texts.get(object) ?? "";
  const [object = first] = all.toSorted(
    (a, b) =>
      textOf(b).length - textOf(a).length ||
      inOrder(textOf(a), textOf(b)) ||
      inOrder(a.file, b.file),
  );
  const different = new Set(texts.values()).size;
  if (different === 1) return { object };
  const place = Field.of(object).at("metadata", "name").place();
  const files = [...new Set(all.map(({ file }) => file))].toSorted(inOrder).join(", ");
  const what = `which of ${counted(different, "different object")} ${objectOf(place)} applies: they stand in ${files}`;
  return { object, missing: missing(what, place, TELL) };
}

function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The system without any figure of objects that stand twice: neither of two may prove or break a
 * sum. A pooler's lines are not known then, nor which one a client is on.
 */
export function withoutConflicts(system: System, twice: ConflictingObjects): System {
  if (twice.size === 0) return system;
  return {
    ...system,
    poolers: system.poolers.map((pooler) => withoutFigures(pooler, twice)),
    clients: system.clients.map((client) => withoutTarget(client, twice)),
    postgres: system.postgres.map((server) => ({
      ...server,
      available: sure(server.available, twice),
    })),
  };
}

function withoutFigures(pooler: Pooler, twice: ConflictingObjects): Pooler {
  const own = ofObject(pooler.place.object, twice);
  const share = pooler.share === undefined ? undefined : (own ?? sure(pooler.share, twice));
  return {
    ...pooler,
    groups: pooler.groups.map((group) => {
      const lacking = own ?? ofGroup(group, twice);
      return lacking === undefined
        ? { ...group, processes: sure(group.processes, twice) }
        : { processes: lacking, capacity: lacking, lines: [], userLimits: new Map() };
    }),
    ...(share === undefined ? {} : { share }),
  };
}

/** What its configuration is made of. */
function ofGroup(
  { capacity, lines, userLimits }: PoolerGroup,
  twice: ConflictingObjects,
): MissingQuantity | undefined {
  const figures = [
    capacity,
    ...lines.flatMap(({ poolSize, reservePool, maxServers, maxClients }) => [
      poolSize,
      reservePool,
      ...(maxServers === undefined ? [] : [maxServers]),
      ...(maxClients === undefined ? [] : [maxClients]),
    ]),
    ...userLimits.values(),
  ];
  return ofPlaces([...lines.map(({ place }) => place), ...figures.flatMap(placesOf)], twice);
}

function withoutTarget(client: Client, twice: ConflictingObjects): Client {
  const { place, target, processes, pool } = client;
  const lacking = ofObject(place.object, twice) ?? ofPlaces([target.place], twice);
  if (lacking === undefined) {
    return { ...client, processes: sure(processes, twice), pool: sure(pool, twice) };
  }
  const unknown = { ...client, processes: lacking, pool: lacking };
  if (target.kind === "postgres") return unknown;
  return { ...unknown, target: { ...target, hidden: ["database", "user"] } };
}

/** The figure, or what is missing of an object that it was made of. */
function sure(figure: Quantity, twice: ConflictingObjects): Quantity {
  return ofPlaces(placesOf(figure), twice) ?? figure;
}

function placesOf(figure: Quantity): readonly SourcePosition[] {
  return figure.known ? figure.places : [figure.place];
}

function ofPlaces(
  places: readonly SourcePosition[],
  twice: ConflictingObjects,
): MissingQuantity | undefined {
  return places.map(({ object }) => twice.get(object)).find((one) => one !== undefined);
}

/** Of the object itself, or of a ConfigMap or Secret that it names. */
function ofObject(object: AuditObject, twice: ConflictingObjects): MissingQuantity | undefined {
  const own = twice.get(object);
  if (own !== undefined) return own;
  const text = JSON.stringify(object.value);
  return [...twice].find(
    ([{ kind, namespace, name }]) =>
      (kind === "ConfigMap" || kind === "Secret") &&
      namespace === object.namespace &&
      text.includes(JSON.stringify(name)),
  )?.[1];
}
