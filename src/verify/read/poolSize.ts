import { POOL_LIMIT_ANNOTATION, POOL_MAX_ANNOTATION } from "../../api/names.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { Quantity, KnownQuantity, MissingQuantity } from "../system.ts";
import { annotatedCount } from "./annotations.ts";
import type { ConnectionTarget } from "./connectionTargets.ts";
import type { Environment, Variable } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { known, missing, positiveCount, wholeNumber } from "./quantities.ts";
import { hasPlaceholder } from "./placeholders.ts";
import type { Annotation } from "./inventory.ts";
import { commandOf } from "./pgbouncerPods.ts";
import {
  isFallback,
  isOverflow,
  isPoolVariable,
  leavesOverflowOut,
  namesSqlAlchemy,
  OVERFLOW_PARAMETER,
  overflowsOf,
  POOL_PARAMETERS,
} from "./poolVariables.ts";
import type { Workload } from "./workloads.ts";

/** Its code opens one connection, to the console: db.SetMaxOpenConns(1). */
const EXPORTER = /(?:^|\/)prometheuscommunity\/pgbouncer-exporter(?::|@|$)/;

/** Something that says how large the pool is. */
interface Told {
  readonly name: string;
  readonly text: string;
  readonly places: readonly SourcePosition[];
  /** Why the size is not known though it is told. */
  readonly unclear?: string;
}

/**
 * The most connections that one process of a container opens to its aim: by weir.dev/pool-max (said
 * of a whole pod, it makes no other container's smaller), else by the connection string itself, else
 * by the usual variables. What disagrees, or is no positive number (0 is often unlimited), is
 * missing; so is what nobody says.
 */
export function poolSize(
  workload: Workload,
  container: Field,
  environment: Environment,
  aim: ConnectionTarget,
): Quantity {
  const name = container.at("name").text() ?? "";
  const isAlone = containersOf(workload) === 1;
  const what = `how many connections a process of container ${name} opens`;
  const tell = `annotate its pod template with ${POOL_MAX_ANNOTATION}: "${isAlone ? "" : `${name}=`}N"`;
  const annotation = workload.annotation(POOL_MAX_ANNOTATION);
  const annotated = annotatedCount(annotation, name, what);
  const written = writtenSize(workload, container, environment, aim, { what, tell });
  if (annotated === undefined) return written;
  // Said of the whole pod, it may have been meant for another of its containers.
  const isMeant = isAlone || annotation?.value.includes("=") === true;
  const isLess = annotated.known && written.known && annotated.value < written.value;
  return isLess && !isMeant ? written : annotated;
}

function containersOf({ template }: Workload): number {
  const spec = template.at("spec");
  return spec.at("containers").items().length + spec.at("initContainers").items().length;
}

function writtenSize(
  workload: Workload,
  container: Field,
  environment: Environment,
  aim: ConnectionTarget,
  unknown: Unknown,
): Quantity {
  const inString = POOL_PARAMETERS.flatMap((key) => {
    const parameter = aim.parameters.get(key);
    return parameter === undefined
      ? []
      : [{ name: parameter.name, text: parameter.value, places: [aim.place] }];
  });
  if (EXPORTER.test(container.at("image").text() ?? "")) {
    return known(1, "an exporter's one connection", container.at("image").place());
  }
  const sizes = inString.length > 0 ? inString : variablesFor(environment, aim);
  const told = sizes.map((size) => withOverflow(size, container, environment, aim));
  const agreed = agree(told, container, unknown);
  const limit = workload.annotation(POOL_LIMIT_ANNOTATION);
  return limit === undefined ? agreed : withLimit(agreed, limit, told.length > 0, unknown);
}

interface Unknown {
  readonly what: string;
  readonly tell: string;
}

/** A prefix that tells one database of a container from another. */
const QUALIFIED = /^\w+_(?:DB|DATABASE|PG|POSTGRES|POSTGRESQL)_$/;

/** Those of the aim's own prefix (READ_DB_…) where there are any; threads only where nothing else. */
function variablesFor({ variables }: Environment, { prefix }: ConnectionTarget): readonly Told[] {
  const all = [...variables.values()].filter(({ name }) => isPoolVariable(name));
  const own = QUALIFIED.test(prefix) ? all.filter(({ name }) => name.startsWith(prefix)) : [];
  const chosen = own.length > 0 ? own : all;
  const strong = chosen.filter(({ name }) => !isFallback(name));
  return (strong.length > 0 ? strong : chosen).map(toldBy);
}

function toldBy({ name, value, place, from }: Variable): Told {
  return { name, text: value, places: from === undefined ? [place] : [place, from] };
}

/**
 * SQLAlchemy opens pool_size + max_overflow, which is 10 unless somebody says another. Where the
 * container has an overflow or names SQLAlchemy, a size without its overflow is not known.
 */
function withOverflow(
  size: Told,
  container: Field,
  { variables }: Environment,
  { parameters, place }: ConnectionTarget,
): Told {
  const count = positiveCount(size.text);
  if (count === undefined || isFallback(size.name)) return size;
  const parameter = parameters.get(OVERFLOW_PARAMETER);
  const overflows =
    parameter === undefined
      ? overflowsOf(size.name, [...variables.keys()]).flatMap((name) => {
          const variable = variables.get(name);
          return variable === undefined ? [] : [toldBy(variable)];
        })
      : [{ name: parameter.name, text: parameter.value, places: [place] }];
  const [first] = overflows;
  if (first === undefined) {
    const names = [...variables.keys()];
    const isSqlAlchemy =
      names.some((name) => /sqlalchemy/i.test(name)) ||
      [...variables.values()].some(({ value }) => namesSqlAlchemy(value)) ||
      commandOf(container).some(namesSqlAlchemy);
    const lacks = names.some(isOverflow) || (isSqlAlchemy && leavesOverflowOut(size.name));
    if (!lacks) return size;
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

function agree(told: readonly Told[], container: Field, { what, tell }: Unknown): Quantity {
  const [first, ...others] = told;
  if (first === undefined) return missing(what, container.place(), tell);
  for (const { name, text, places, unclear } of told) {
    const place = places[0] ?? container.place();
    if (unclear !== undefined) return missing(`${what}: ${unclear}`, place, tell);
    if (hasPlaceholder(text)) return missing(`${what}: ${name} is hidden`, place, tell);
    if (positiveCount(text) !== undefined) continue;
    const why =
      text.trim() === "0"
        ? `${name} is 0, which often means unlimited`
        : `${name} is no positive whole number`;
    return missing(`${what}: ${why}`, place, tell);
  }
  const value = positiveCount(first.text) ?? 0;
  const other = others.find(({ text }) => positiveCount(text) !== value);
  if (other !== undefined) {
    const why = `${first.name} and ${other.name} disagree`;
    return missing(`${what}: ${why}`, other.places[0] ?? container.place(), tell);
  }
  const names = told.map(({ name }) => name).join(", ");
  return known(value, names, ...told.flatMap(({ places }) => places));
}

/**
 * weir's own pods may follow their annotation, or have started with the environment: the larger
 * counts.
 */
function withLimit(
  figure: Quantity,
  { name, value, place }: Annotation,
  isTold: boolean,
  { what, tell }: Unknown,
): KnownQuantity | MissingQuantity {
  if (!figure.known && isTold) return figure;
  const limit = positiveCount(value);
  if (limit === undefined) {
    return missing(`${what}: ${name} is no positive whole number`, place, tell);
  }
  if (!figure.known) return known(limit, name, place);
  if (figure.value === limit) return { ...figure, places: [...figure.places, place] };
  const why = `the larger of ${name} ${limit} and ${figure.why} ${figure.value}`;
  return known(Math.max(limit, figure.value), why, ...figure.places, place);
}
