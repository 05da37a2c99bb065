import { DEFAULT_RESERVE } from "../../../api/connectionBudget.ts";
import {
  AVAILABLE_CONNECTIONS_ANNOTATION,
  CONNECTS_TO_ANNOTATION,
  CONNECTS_TO_FORM,
  OUTSIDE_CLIENTS_ANNOTATION,
  PODS_ANNOTATION,
  POOL_MAX_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  PROCESSES_PER_POD_ANNOTATION,
  RESERVE_ANNOTATION,
} from "../../../api/names.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import {
  known,
  missing,
  positiveCount,
  wholeNumber,
  type MissingQuantity,
  type Quantity,
} from "../../quantity.ts";
import type { Reserve } from "../../system.ts";
import { Template } from "../../template.ts";
import {
  hasOneContainer,
  imageName,
  type Annotation,
  type Container,
  type Workload,
} from "../../workload.ts";
import { connectionUrls } from "./connectionStrings.ts";
import { targetsOf, type ConnectionTarget } from "./connectionTargets.ts";

/**
 * Whether no object could mean anything by this value of an annotation: what is found and what is
 * allowed.
 */
export function annotationProblem(name: string, value: string): string | undefined {
  const annotation: Annotation = { name, value, place: NOWHERE };
  const found = `${name}: found ${JSON.stringify(value)}; must be`;
  switch (name) {
    case POOL_MAX_ANNOTATION:
    case PROCESSES_PER_POD_ANNOTATION: {
      const texts = partsOf(value).map((part) => part.replace(NAMED, ""));
      const isList = texts.length === 1 || partsOf(value).every((part) => NAMED.test(part));
      return isList && texts.every((text) => positiveCount(text) !== undefined)
        ? undefined
        : `${found} a whole number from 1, such as 20, or server=20,worker=5`;
    }
    case PODS_ANNOTATION:
    case POSTGRES_CONNECTIONS_ANNOTATION:
    case AVAILABLE_CONNECTIONS_ANNOTATION:
    case OUTSIDE_CLIENTS_ANNOTATION:
      return wholeNumber(value) === undefined ? `${found} a whole number, such as 20` : undefined;
    case RESERVE_ANNOTATION:
      return reserveOf(annotation).missing.length > 0
        ? `${found} such as consoles=2,maintenance=4,maintenanceSlots=2,logins=4`
        : undefined;
    case CONNECTS_TO_ANNOTATION: {
      const containers = partsOf(value).map((part) => NAMED.exec(part)?.[0].slice(0, -1) ?? "");
      const isUnread = containers.some(
        (container) => (annotatedTargets(annotation, container)?.missing.length ?? 0) > 0,
      );
      // Copied as weir printed it.
      if (value.includes(CONNECTS_TO_FORM)) {
        return `${found} the host, port, database and user of a server, such as pooler:6432/shop?user=api`;
      }
      return isUnread || value.trim() === "" ? `${found} ${CONNECTS_TO_FORM}, or none` : undefined;
    }
    default:
      return undefined;
  }
}

/** Of a value that stands in no object. */
const NOWHERE: SourcePosition = {
  object: {
    file: "",
    kind: "",
    apiVersion: "",
    name: "",
    namespace: "",
    value: {},
    positionOf: () => ({ line: 1, column: 1 }),
  },
  path: [],
};

/**
 * The quantity, whatever is missing or assumed of it with the annotation that supplies it.
 *
 * @param container that the annotation is about; absent: the workload
 */
export function answerable(
  quantity: Quantity,
  annotation: string,
  workload: Workload,
  container?: Container,
): Quantity {
  const answered = (question: MissingQuantity): MissingQuantity =>
    answeredBy(question, annotation, workload, container);
  if (!quantity.known) return answered(quantity);
  const { assuming } = quantity;
  return assuming === undefined ? quantity : { ...quantity, assuming: assuming.map(answered) };
}

/** The question with the annotation that answers it, unless it has one. */
export function answeredBy(
  question: MissingQuantity,
  annotation: string,
  workload: Workload,
  container: Container | undefined,
  form = "N",
): MissingQuantity {
  const isPart = container !== undefined && !hasOneContainer(workload);
  const value = isPart ? `${container.name}=${form}` : form;
  const program = container && { program: programText(container) };
  return { answer: { object: workload.key, annotation, value, ...program }, ...question };
}

/** What tells programs apart that may differ in their numbers: the image, and its command without flags. */
function programText(container: Container): string {
  const words = [...container.command, ...container.args].map(({ text }) => text.render());
  const named = words.join(" ").replaceAll(/(?:^| )-\S+/g, "");
  return `${imageName(container) || container.name} ${named}`;
}

/** How a person can supply a container's target; the text names only the container. */
export function targetRemedy(workload: Workload, container: string): string {
  const own = hasOneContainer(workload) ? "" : `${container}=`;
  return `annotate it with ${CONNECTS_TO_ANNOTATION}: "${own}${CONNECTS_TO_FORM}", or "${own}none"`;
}

/**
 * What an annotation says of a container: `5`, or `server=5,worker=2` where containers differ.
 * Undefined when it says nothing of this one.
 */
function containerValue({ value }: Annotation, container: string): string | undefined {
  const parts = partsOf(value);
  const own = parts.find((part) => part.startsWith(`${container}=`));
  if (own !== undefined) return own.slice(container.length + 1).trim();
  return parts.every((part) => NAMED.test(part)) ? undefined : value.trim();
}

/**
 * What an annotation says with what it said before: of other containers, if both name theirs; else
 * only the later counts.
 */
export function laterAnnotation(later: string, before: string | undefined): string {
  if (before === undefined) return later;
  const parts = [later, before].flatMap(partsOf);
  return parts.every((part) => NAMED.test(part)) ? `${later},${before}` : later;
}

/** A part of an annotation that is of one container: `server=…`. */
const NAMED = /^[a-z0-9][-a-z0-9]*=/;

function partsOf(value: string): readonly string[] {
  return value.split(",").map((part) => part.trim());
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

/**
 * A whole number that an annotation gives to its object.
 *
 * @param unit of the number, for people: ` pods`
 */
export function annotatedWhole(
  annotation: Annotation | undefined,
  what: string,
  unit = "",
): Quantity | undefined {
  if (annotation === undefined) return undefined;
  const { name, value, place } = annotation;
  const count = wholeNumber(value);
  if (count !== undefined) return known(count, `${count}${unit} (${name})`, place);
  return missing(`${what}: ${name} is no whole number`, place, `${name}: "N"`);
}

type ReserveKey = keyof typeof DEFAULT_RESERVE;

/** What no client gets; what the annotation doesn't name has weir's default. */
export function reserveOf(annotation: Annotation | undefined): {
  readonly reserve: Reserve;
  readonly missing: readonly MissingQuantity[];
} {
  if (annotation === undefined) {
    const reserve = { ...DEFAULT_RESERVE, isDemanded: false, why: "default", places: [] };
    return { reserve, missing: [] };
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
  const reserve = { ...values, isDemanded: true, why: RESERVE_ANNOTATION, places: [place] };
  if (bad.length === 0) return { reserve, missing: [] };
  const what = `the reserve: ${RESERVE_ANNOTATION} has ${bad.map((key) => JSON.stringify(key)).join(", ")}, which is no reserve or no whole number`;
  const remedy = `write ${RESERVE_ANNOTATION}: "consoles=2,maintenance=4,maintenanceSlots=2,logins=4"`;
  return { reserve, missing: [missing(what, place, remedy)] };
}

function isReserveKey(key: string): key is ReserveKey {
  return Object.hasOwn(DEFAULT_RESERVE, key);
}

/** The targets of a container that an annotation names. */
interface AnnotatedTargets {
  readonly targets: readonly ConnectionTarget[];
  readonly missing: readonly MissingQuantity[];
  /** By the container's name, not of its pod as a whole. */
  readonly isOwn: boolean;
  readonly isNone: boolean;
}

/** Undefined when it says nothing of this container. */
export function annotatedTargets(
  annotation: Annotation | undefined,
  container: string,
): AnnotatedTargets | undefined {
  if (annotation === undefined) return undefined;
  const { name, place } = annotation;
  const value = containerValue(annotation, container);
  if (value === undefined) return undefined;
  const parts = partsOf(annotation.value);
  const named = parts.filter((part) => NAMED.test(part)).length;
  // Some of a container and some of all: a comma may be of several hosts too.
  const isMixed = named > 0 && named < parts.length;
  const isNone = value === "none";
  const words = isNone ? [] : value.split(/\s+/).filter((word) => word !== "");
  const strings = words.map((word) => {
    const url = /^[\w+]+:\/\//.test(word) ? word : `postgres://${word}`;
    const [string] = isMixed ? [] : connectionUrls(Template.of(url));
    return string?.hosts.some(({ host }) => host.isEmpty) ? undefined : string;
  });
  const unreadable = missing(
    `where container ${container} connects: ${name} can't be read`,
    place,
    `write ${CONNECTS_TO_ANNOTATION}: "${CONNECTS_TO_FORM}", "CONTAINER=${CONNECTS_TO_FORM},CONTAINER=none", or "none"`,
  );
  return {
    targets: strings.flatMap((string) =>
      string === undefined ? [] : targetsOf(string, place, name, ""),
    ),
    missing: (isMixed && !isNone) || strings.includes(undefined) ? [unreadable] : [],
    isOwn: parts.some((part) => part.startsWith(`${container}=`)),
    isNone,
  };
}
