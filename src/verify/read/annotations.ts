import {
  AVAILABLE_CONNECTIONS_ANNOTATION,
  CONNECTS_TO_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  RESERVE_ANNOTATION,
} from "../../api/names.ts";
import type { Quantity, MissingQuantity, Reserve } from "../system.ts";
import { known, missing, positiveCount, wholeNumber } from "./quantities.ts";
import type { Annotation } from "./inventory.ts";
import type { Workload } from "./workloads.ts";

/** How to tell where a container connects: by its name, so that nothing else of its pod is meant. */
export function tellTarget({ template }: Workload, container: string): string {
  const spec = template.at("spec");
  const count = spec.at("containers").items().length + spec.at("initContainers").items().length;
  const own = count === 1 ? "" : `${container}=`;
  return `annotate it with ${CONNECTS_TO_ANNOTATION}: "${own}host:port/database?user=login", or "${own}none"`;
}

/**
 * What an annotation says of a container: `5`, or `server=5,worker=2` where containers differ.
 * Undefined when it says nothing of this one.
 */
export function containerValue({ value }: Annotation, container: string): string | undefined {
  const parts = value.split(",").map((part) => part.trim());
  const own = parts.find((part) => part.startsWith(`${container}=`));
  if (own !== undefined) return own.slice(container.length + 1).trim();
  return parts.every((part) => /^[a-z0-9][-a-z0-9]*=/.test(part)) ? undefined : value.trim();
}

/**
 * A count by annotation; undefined when it says nothing of this container.
 *
 * @param what for people: `processes a pod`
 */
export function annotatedCount(
  annotation: Annotation | undefined,
  container: string,
  what: string,
): Quantity | undefined {
  if (annotation === undefined) return undefined;
  const text = containerValue(annotation, container);
  if (text === undefined) return undefined;
  const count = positiveCount(text);
  const { name, place } = annotation;
  if (count !== undefined) return known(count, `${count} (${name})`, place);
  return missing(
    `${what}: the annotation ${name} is no positive whole number`,
    place,
    `write ${name}: "N", or "CONTAINER=N,CONTAINER=M"`,
  );
}

const DEFAULT_RESERVE = { consoles: 2, maintenance: 4, maintenanceSlots: 2, logins: 4 };
type ReserveKey = keyof typeof DEFAULT_RESERVE;

/** What no client gets; what the annotation doesn't name has weir's default. */
export function reserveOf(annotation: Annotation | undefined): {
  readonly reserve: Reserve;
  readonly missing: readonly MissingQuantity[];
} {
  if (annotation === undefined) {
    return { reserve: { ...DEFAULT_RESERVE, why: "default", places: [] }, missing: [] };
  }
  const { value, place } = annotation;
  const values: Record<ReserveKey, number> = { ...DEFAULT_RESERVE };
  const bad: string[] = [];
  for (const part of value.split(",").filter((text) => text.trim() !== "")) {
    const [key = "", text = ""] = part.split("=").map((side) => side.trim());
    const count = wholeNumber(text);
    if (isReserveKey(key) && count !== undefined) values[key] = count;
    else bad.push(key);
  }
  const reserve = { ...values, why: RESERVE_ANNOTATION, places: [place] };
  if (bad.length === 0) return { reserve, missing: [] };
  const what = `the reserve: ${RESERVE_ANNOTATION} has ${bad.map((key) => JSON.stringify(key)).join(", ")}, which is no reserve or no whole number`;
  const tell = `write ${RESERVE_ANNOTATION}: "consoles=2,maintenance=4,maintenanceSlots=2,logins=4"`;
  return { reserve, missing: [missing(what, place, tell)] };
}

function isReserveKey(key: string): key is ReserveKey {
  return Object.hasOwn(DEFAULT_RESERVE, key);
}

/** P, where the pooler's object says its share of Postgres. */
export function shareOf(annotation: Annotation | undefined): Quantity | undefined {
  return wholeAnnotation(annotation, POSTGRES_CONNECTIONS_ANNOTATION, "its share of Postgres");
}

/** What a Postgres admits, where its object says so. */
export function availableOf(annotation: Annotation | undefined): Quantity | undefined {
  return wholeAnnotation(annotation, AVAILABLE_CONNECTIONS_ANNOTATION, "what it admits");
}

function wholeAnnotation(
  annotation: Annotation | undefined,
  name: string,
  what: string,
): Quantity | undefined {
  if (annotation === undefined) return undefined;
  const count = wholeNumber(annotation.value);
  if (count !== undefined) return known(count, `${count} (${name})`, annotation.place);
  return missing(
    `${what}: the annotation ${name} is no whole number`,
    annotation.place,
    `${name}: "N"`,
  );
}
