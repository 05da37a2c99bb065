import { didYouMean } from "../text/didYouMean.ts";
import {
  AVAILABLE_CONNECTIONS_ANNOTATION,
  CONNECTS_TO_ANNOTATION,
  PODS_ANNOTATION,
  POOL_MAX_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  PROCESSES_PER_POD_ANNOTATION,
  RESERVE_ANNOTATION,
} from "../api/names.ts";
import { EXIT, Failure } from "./shell.ts";

/** What may be told of an object. */
const ANNOTATIONS: readonly string[] = [
  POOL_MAX_ANNOTATION,
  PROCESSES_PER_POD_ANNOTATION,
  PODS_ANNOTATION,
  CONNECTS_TO_ANNOTATION,
  RESERVE_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
  AVAILABLE_CONNECTIONS_ANNOTATION,
];

const TELL = /^(?<object>[^:]+):(?<annotation>[^=]+)=(?<value>.*)$/s;

/**
 * What `--tell` tells, by object and annotation: `Deployment writing/author:weir.dev/pool-max=20`.
 * The last one counts where two tell the same.
 *
 * @param objects names of all objects: `Deployment writing/author`
 * @throws Failure (bad input) for an object or annotation that there is not, with the nearest
 */
export function annotationOverrides(
  tells: readonly string[],
  objects: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const told = new Map<string, Map<string, string>>();
  for (const tell of tells) {
    const { object, annotation, value } = TELL.exec(tell)?.groups ?? {};
    if (object === undefined || annotation === undefined || value === undefined) {
      throw new Failure(
        EXIT.badInput,
        `--tell: found ${JSON.stringify(tell)}; must be 'KIND NAMESPACE/NAME:ANNOTATION=VALUE', ` +
          `such as 'Deployment writing/author:${POOL_MAX_ANNOTATION}=20'`,
      );
    }
    if (!objects.has(object)) {
      throw new Failure(EXIT.badInput, `--tell: there is no ${object}${meant(object, objects)}`);
    }
    if (!ANNOTATIONS.includes(annotation)) {
      throw new Failure(
        EXIT.badInput,
        `--tell: weir reads no annotation ${annotation}${meant(annotation, ANNOTATIONS)}`,
      );
    }
    told.set(object, (told.get(object) ?? new Map<string, string>()).set(annotation, value));
  }
  return told;
}

function meant(name: string, candidates: Iterable<string>): string {
  const found = didYouMean(name, candidates);
  return found === undefined ? "" : `; did you mean ${found}?`;
}
