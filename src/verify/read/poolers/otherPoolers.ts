import { CONNECTS_TO_ANNOTATION, POOL_MAX_ANNOTATION } from "../../../api/names.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import { imageName, runningContainers, type Container, type Workload } from "../../workload.ts";
import { Field } from "../objects/field.ts";
import type { Inventory } from "../objects/inventory.ts";
import { kindOf } from "../objects/kinds.ts";
import { isPgBouncer, runsProgram } from "./pgbouncerPods.ts";

/** A pooler that weir can't read: who connects to it is no client of a Postgres, nor of a PgBouncer. */
interface OtherPooler {
  /** `Deployment shop/pgcat`. */
  readonly key: string;
  /** `PgCat`. */
  readonly product: string;
  readonly namespace: string;
  /** Labels of its pods; none where an operator makes them. */
  readonly labels: ReadonlyMap<string, string>;
  /** Services that an operator makes for it. */
  readonly services: readonly string[];
  readonly object: ManifestObject;
}

/** The poolers that the pods of a workload run beside, or instead of, a PgBouncer. */
export function otherPoolersIn(workload: Workload, knowledge: Knowledge): readonly OtherPooler[] {
  const { key, namespace, labels, object } = workload;
  return runningContainers(workload).flatMap((container) => {
    const product = otherPoolerIn(container, knowledge);
    return product === undefined ? [] : [{ key, product, namespace, labels, services: [], object }];
  });
}

/** The pooler that an operator makes of an object. */
export function otherPoolersOf(
  object: ManifestObject,
  { poolers }: Knowledge,
): readonly OtherPooler[] {
  const { namespace, name } = object;
  return poolers
    .filter(({ kinds = [] }) => kinds.includes(kindOf(object)))
    .map((row) => ({
      key: objectOf({ object }),
      product: row.name,
      namespace,
      labels: new Map(),
      services: [name],
      object,
    }));
}

/** The name of the other pooler that a container runs: by its image, its command, or its file. */
export function otherPoolerIn(container: Container, knowledge: Knowledge): string | undefined {
  if (isPgBouncer(container, knowledge)) return undefined;
  const image = imageName(container).toLowerCase();
  const names = [...container.files.files.keys()].map((file) => file.replace(/^.*\//, ""));
  const isInit = container.role === "init";
  const found = knowledge.poolers.find(
    ({ images = [], programs = [], files = [] }) =>
      images.some((word) => image.includes(word)) ||
      programs.some((program) => runsProgram(container, program)) ||
      // What prepares a file has it mounted too.
      (!isInit && files.some((file) => names.includes(file))),
  );
  return found?.watches === true ? undefined : found?.name;
}

/** What is missing of a container with another pooler. */
export function unreadPooler(
  { key }: Workload,
  { name, imagePlace }: Container,
  product: string,
): MissingQuantity {
  const what = `what ${key} opens, and where: its container ${name} runs ${product}, a pooler that weir can't read yet`;
  const remedy = `annotate its pods with ${CONNECTS_TO_ANNOTATION} (where it connects to, or "none" if it connects to none of these Postgres servers) and ${POOL_MAX_ANNOTATION}`;
  return missing(what, imagePlace, remedy);
}

/** What is missing of objects that an operator makes other poolers of. */
export function unreadPoolerObjects(
  inventory: Inventory,
  others: readonly OtherPooler[],
): readonly MissingQuantity[] {
  return others.flatMap(({ key, product, services, object }) => {
    const root = Field.of(object);
    const isAnnotated = inventory.annotation(CONNECTS_TO_ANNOTATION, root.at("metadata"));
    if (services.length === 0 || isAnnotated !== undefined) return [];
    const what = `what ${key} opens on Postgres: it is ${product}, a pooler that weir can't read yet`;
    const remedy = `annotate it with ${CONNECTS_TO_ANNOTATION}: "none" when its connections are counted elsewhere, as in the reserve`;
    return [missing(what, root.at("kind").place(), remedy)];
  });
}

/** `Deployment shop/pgcat runs PgCat`, each once. */
export function otherPoolerNames(others: readonly OtherPooler[]): readonly string[] {
  const names = others.map(({ key, product, services }) =>
    services.length > 0 ? `${key} is ${product}` : `${key} runs ${product}`,
  );
  return [...new Set(names)];
}
