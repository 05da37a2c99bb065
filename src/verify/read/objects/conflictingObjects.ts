import { counted } from "../../../text/wording.ts";
import { objectOf, type ManifestObject, type SourcePosition } from "../../sourcePosition.ts";
import { missing, type MissingQuantity, type Quantity } from "../../quantity.ts";
import { byCodeUnit } from "../../../text/order.ts";
import type { Client, Pooler, PoolerGroup, System } from "../../system.ts";
import { Field } from "./field.ts";

/** For each object that stands several times and differs: which of them applies is missing. */
export type ConflictingObjects = ReadonlyMap<ManifestObject, MissingQuantity>;

const REMEDY =
  "give only the manifests that are applied together; those of a kustomization: kubectl kustomize DIR | weir verify -";

/**
 * One of the objects of one name, whatever order they were read in: the object with the longest JSON.
 * With it what is missing where they differ.
 *
 * @param all at least one
 */
export function fullestOf(all: readonly ManifestObject[]): {
  readonly object: ManifestObject | undefined;
  readonly missing?: MissingQuantity;
} {
  const [first] = all;
  if (first === undefined || all.length === 1) return { object: first };
  const texts = new Map(all.map((object) => [object, JSON.stringify(object.value)]));
  const textOf = (object: ManifestObject): string => texts.get(object) ?? "";
  const [object = first] = all.toSorted(
    (a, b) =>
      textOf(b).length - textOf(a).length ||
      byCodeUnit(textOf(a), textOf(b)) ||
      byCodeUnit(a.file, b.file),
  );
  const different = new Set(texts.values()).size;
  if (different === 1) return { object };
  const place = Field.of(object).at("metadata", "name").place();
  const files = [...new Set(all.map(({ file }) => file))].toSorted(byCodeUnit).join(", ");
  const what = `which of ${counted(different, "different object")} ${objectOf(place)} applies: they stand in ${files}`;
  return { object, missing: missing(what, place, REMEDY) };
}

/**
 * The system without any quantity of objects that stand several times: neither of two may prove or break a
 * sum. A pooler's lines are not known then, nor which one a client is on.
 */
export function withoutConflicts(system: System, conflicting: ConflictingObjects): System {
  if (conflicting.size === 0) return system;
  return {
    ...system,
    poolers: system.poolers.map((pooler) => withoutQuantities(pooler, conflicting)),
    clients: system.clients.map((client) => withoutTarget(client, conflicting)),
    postgres: system.postgres.map((server) => ({
      ...server,
      available: sure(server.available, conflicting),
    })),
  };
}

function withoutQuantities(pooler: Pooler, conflicting: ConflictingObjects): Pooler {
  const own = ofObject(pooler.place.object, conflicting);
  const share = pooler.share === undefined ? undefined : (own ?? sure(pooler.share, conflicting));
  return {
    ...pooler,
    groups: pooler.groups.map((group) => {
      const missingOne = own ?? ofPlaces(configurationPlaces(group), conflicting);
      return missingOne === undefined
        ? { ...group, processes: sure(group.processes, conflicting) }
        : { processes: missingOne, capacity: missingOne, lines: [], userLimits: new Map() };
    }),
    ...(share === undefined ? {} : { share }),
  };
}

/** Conflicts among the objects of a group's configuration. */
function configurationPlaces({
  capacity,
  lines,
  userLimits,
}: PoolerGroup): readonly SourcePosition[] {
  const limits = lines.flatMap((line) => [
    line.poolSize,
    line.reservePool,
    line.maxBackends ?? [],
    line.maxClients ?? [],
  ]);
  const quantities = [capacity, ...limits.flat(), ...userLimits.values()];
  return [...lines.map(({ place }) => place), ...quantities.flatMap(placesOf)];
}

function withoutTarget(client: Client, conflicting: ConflictingObjects): Client {
  const { place, target, pods, processesPerPod, pool } = client;
  const missingOne = ofObject(place.object, conflicting) ?? ofPlaces([target.place], conflicting);
  if (missingOne === undefined) {
    return {
      ...client,
      pods: sure(pods, conflicting),
      processesPerPod: sure(processesPerPod, conflicting),
      pool: sure(pool, conflicting),
    };
  }
  const unknown = { ...client, pods: missingOne, pool: missingOne };
  if (target.kind === "postgres") return unknown;
  return { ...unknown, target: { ...target, unknown: ["database", "user"] } };
}

/** The quantity, or what is missing of an object that it comes from. */
function sure(quantity: Quantity, conflicting: ConflictingObjects): Quantity {
  return ofPlaces(placesOf(quantity), conflicting) ?? quantity;
}

function placesOf(quantity: Quantity): readonly SourcePosition[] {
  return quantity.known ? quantity.places : [quantity.place];
}

function ofPlaces(
  places: readonly SourcePosition[],
  conflicting: ConflictingObjects,
): MissingQuantity | undefined {
  return places.map(({ object }) => conflicting.get(object)).find((one) => one !== undefined);
}

/** Conflicts of the object itself, or of a ConfigMap or Secret that it names. */
function ofObject(
  object: ManifestObject,
  conflicting: ConflictingObjects,
): MissingQuantity | undefined {
  const own = conflicting.get(object);
  if (own !== undefined) return own;
  const text = JSON.stringify(object.value);
  return [...conflicting].find(
    ([{ kind, namespace, name }]) =>
      (kind === "ConfigMap" || kind === "Secret") &&
      namespace === object.namespace &&
      text.includes(JSON.stringify(name)),
  )?.[1];
}
