import { POOL_LIMIT_ANNOTATION, POOL_MAX_ANNOTATION } from "../../../api/names.ts";
import {
  assumed,
  known,
  missing,
  positiveCount,
  wholeNumber,
  type MissingQuantity,
  type Quantity,
} from "../../quantity.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import {
  hasOneContainer,
  type Annotation,
  type Container,
  type Variable,
  type Workload,
} from "../../workload.ts";
import { annotatedCount } from "./annotations.ts";
import type { ConnectionTarget, FilePoolSize } from "./connectionTargets.ts";
import { largestFilePool, onlyFilePool } from "./filePools.ts";
import type { PoolVariables } from "./poolVariables.ts";

/** PgBouncer's own database, of which a program asks for figures. */
const CONSOLE = "pgbouncer";

/** Something that says how large the pool is. */
interface WrittenSize {
  readonly name: string;
  readonly text: string | undefined;
  readonly places: readonly SourcePosition[];
  /** Why the size is not known though something says it. */
  readonly unclear?: string;
}

/**
 * The most connections that one process of a container opens to a target: by weir.dev/pool-max (said
 * of a whole pod, it makes no other container's smaller), else by the connection string itself, else
 * by the usual variables. What disagrees, or is no positive number (0 is often unlimited), is
 * missing; so is a size that is not written.
 */
export function poolSize(
  workload: Workload,
  container: Container,
  target: ConnectionTarget,
  pools: PoolVariables,
): Quantity {
  const { name } = container;
  const isAlone = hasOneContainer(workload);
  const what = `how many connections a process of container ${name} opens`;
  const remedy = `annotate its pod template with ${POOL_MAX_ANNOTATION}: "${isAlone ? "" : `${name}=`}N"`;
  const annotation = workload.annotation(POOL_MAX_ANNOTATION);
  const annotated = annotatedCount(annotation, name, what);
  const written = writtenSize(workload, container, target, pools, (place, why) =>
    missing(why === undefined ? what : `${what}: ${why}`, place, remedy),
  );
  if (annotated === undefined) return container.program?.pool ?? written;
  // Said of the whole pod, it may have been meant for another of its containers.
  const isMeant = isAlone || annotation?.value.includes("=") === true;
  const isLess = annotated.known && written.known && annotated.value < written.value;
  return isLess && !isMeant ? written : annotated;
}

function writtenSize(
  workload: Workload,
  container: Container,
  target: ConnectionTarget,
  pools: PoolVariables,
  unknown: Unknown,
): Quantity {
  if (target.filePool !== undefined) return filePoolSize(target.filePool, target, unknown);
  const program = pools.programOf(container, target);
  if (program?.always !== undefined) {
    return known(program.always, `what ${program.name} opens`, container.imagePlace);
  }
  const inString = [...target.parameters.keys()]
    .filter((key) => pools.parameters.includes(key))
    .flatMap((key) => parameterSizes(target, key));
  const inVariables = pools.sizesOf(container, target).map((one) => sizeIn(one));
  const written =
    [inString, inVariables].find(({ length }) => length > 0) ?? inFiles(container, pools);
  const sizes = written.map((size) => withOverflow(size, container, target, pools));
  // A variable that sets another size may come from an object that is not there.
  const isUnset = sizes.length === 0 && container.environment.unknown.length === 0;
  const agreed =
    isUnset && target.database?.known === CONSOLE
      ? assumed(unknown(container.place), 1, "one connection to the console")
      : isUnset && program?.default !== undefined
        ? {
            ...assumed(
              unknown(container.place),
              program.default + (program.overflow?.default ?? 0),
              `${program.name}'s default`,
            ),
            // The program may set another in its code, or open fewer.
            least: 1,
          }
        : sizes.length === 0
          ? unwritten(container, unknown)
          : agree(sizes, container, unknown);
  const inFile = agreed.known ? largestFilePool(container, pools) : undefined;
  if (agreed.known && inFile !== undefined && inFile.value > agreed.value) {
    const { file, setting, value } = inFile;
    const why = `${setting} of ${file.from} is ${value}, and ${agreed.why} ${agreed.value}`;
    return unknown(file.place, why);
  }
  const limit = workload.annotation(POOL_LIMIT_ANNOTATION);
  // weir's own pods read theirs.
  if (limit !== undefined) return withLimit(agreed, limit, sizes.length > 0, unknown);
  return asRead(
    agreed,
    sizes,
    unknown,
    (size) =>
      inString.length > 0 || (inVariables.length > 0 && pools.isRead(size, container, target)),
  );
}

/** The pool of a connection that a program's own file declares. */
function filePoolSize(
  { name, ...size }: FilePoolSize,
  { place }: ConnectionTarget,
  unknown: Unknown,
): Quantity {
  if (size.byDefault === undefined) {
    return agree([{ name, text: size.text, places: [place] }], { place }, unknown);
  }
  const why = `the default of ${name}`;
  // It may open fewer.
  return { ...assumed(unknown(place), size.byDefault, why), least: 1 };
}

/** A variable is no proof of a pool: only its own program surely reads it; of any other it is assumed. */
function asRead(
  quantity: Quantity,
  sizes: readonly WrittenSize[],
  unknown: Unknown,
  isRead: (variable: string) => boolean,
): Quantity {
  const unread = sizes.find(({ name }) => !isRead(name));
  if (!quantity.known || unread === undefined) return quantity;
  const { value, why, places } = quantity;
  const [place] = places;
  if (place === undefined) return quantity;
  const question = unknown(place, `its program is not known to read ${unread.name}`);
  return assumed(question, value, why, ...places);
}

/** Makes what is missing of the size, and why where something says one. */
type Unknown = (place: SourcePosition, why?: string) => MissingQuantity;

function parameterSizes(
  { parameters, place }: ConnectionTarget,
  key: string,
): readonly WrittenSize[] {
  const parameter = parameters.get(key);
  if (parameter === undefined) return [];
  return [{ name: parameter.name, text: parameter.value.known, places: [place] }];
}

/** What the files say where no variable does, nor one that may come from elsewhere. */
function inFiles(container: Container, pools: PoolVariables): readonly WrittenSize[] {
  const pool =
    container.environment.unknown.length === 0 ? onlyFilePool(container, pools) : undefined;
  if (pool === undefined) return [];
  const { setting, value, file } = pool;
  return [{ name: setting, text: String(value), places: [file.place] }];
}

function sizeIn({ name, value, place, from }: Variable): WrittenSize {
  return { name, text: value.known, places: from === undefined ? [place] : [place, from] };
}

/**
 * SQLAlchemy opens pool_size + max_overflow, which is 10 unless it is set. Where the
 * container has an overflow or names SQLAlchemy, a size without its overflow is not known.
 */
function withOverflow(
  size: WrittenSize,
  container: Container,
  target: ConnectionTarget,
  pools: PoolVariables,
): WrittenSize {
  const count = positiveCount(size.text);
  if (count === undefined || pools.isThreads(size.name)) return size;
  const variables = [...container.environment.variables.values()];
  const inString = pools.overflowParameters.flatMap((key) => parameterSizes(target, key));
  const overflows =
    inString.length > 0 ? inString : pools.overflowsOf(size.name, variables).map(sizeIn);
  const [first] = overflows;
  if (first === undefined) {
    const isWithout =
      variables.some(({ name }) => pools.isOverflow(name)) ||
      (pools.leavesOverflowOut(size.name) && pools.hasOverflowLibrary(container));
    if (!isWithout) return size;
    const program = pools.programOf(container, target);
    if (program?.overflow?.default !== undefined) {
      return {
        ...size,
        name: `${size.name} + ${program.name}'s default overflow`,
        text: String(count + program.overflow.default),
      };
    }
    return { ...size, unclear: `${size.name} is without SQLAlchemy's max_overflow` };
  }
  const more = wholeNumber(first.text);
  if (more === undefined) return { ...size, unclear: `${first.name} is no whole number` };
  const other = overflows.find(({ text }) => wholeNumber(text) !== more);
  if (other !== undefined) return { ...size, unclear: `${first.name} and ${other.name} disagree` };
  return {
    name: `${size.name} + ${overflows.map(({ name }) => name).join(", ")}`,
    text: String(count + more),
    places: [...size.places, ...overflows.flatMap(({ places }) => places)],
  };
}

function agree(
  sizes: readonly WrittenSize[],
  container: Pick<Container, "place">,
  unknown: Unknown,
): Quantity {
  const [first, ...others] = sizes;
  if (first === undefined) return unknown(container.place);
  for (const { name, text, places, unclear } of sizes) {
    const place = places[0] ?? container.place;
    if (unclear !== undefined) return unknown(place, unclear);
    if (text === undefined) return unknown(place, `${name} is hidden`);
    if (positiveCount(text) !== undefined) continue;
    const isZero = text.trim() === "0";
    const why = isZero ? "0, which often means unlimited" : "no positive whole number";
    return unknown(place, `${name} is ${why}`);
  }
  const value = positiveCount(first.text) ?? 0;
  const other = others.find(({ text }) => positiveCount(text) !== value);
  if (other !== undefined) {
    const place = other.places[0] ?? container.place;
    return unknown(place, `${first.name} and ${other.name} disagree`);
  }
  const names = sizes.map(({ name }) => name).join(", ");
  return known(value, names, ...sizes.flatMap(({ places }) => places));
}

/** No variable says the size: one of those that were not given may. */
function unwritten({ place, environment }: Container, unknown: Unknown): MissingQuantity {
  const hidden = environment.unknown.map(({ name }) => name);
  if (hidden.length === 0) return unknown(place);
  return unknown(place, `${hidden.join(" or ")} may say it, and is not among the objects`);
}

/**
 * weir's own pods may follow their annotation, or have started with the environment: the larger
 * counts.
 */
function withLimit(
  size: Quantity,
  { name, value, place }: Annotation,
  isWrittenSize: boolean,
  unknown: Unknown,
): Quantity {
  if (!size.known && isWrittenSize) return size;
  const limit = positiveCount(value);
  if (limit === undefined) return unknown(place, `${name} is no positive whole number`);
  if (!size.known) return known(limit, name, place);
  if (size.value === limit) return { ...size, places: [...size.places, place] };
  const why = `the larger of ${name} ${limit} and ${size.why} ${size.value}`;
  return known(Math.max(limit, size.value), why, ...size.places, place);
}
