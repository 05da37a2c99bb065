import { AVAILABLE_CONNECTIONS_ANNOTATION, POSTGRES_PORT } from "../../../api/names.ts";
import {
  assumed,
  known,
  missing,
  wholeNumber,
  type KnownQuantity,
  type Quantity,
} from "../../quantity.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import {
  runningContainers,
  type Annotation,
  type Container,
  type Workload,
} from "../../workload.ts";
import type { Listener } from "../objects/addresses.ts";
import { annotatedWhole, answerable } from "../targets/annotations.ts";
import type { Field } from "../objects/field.ts";
import type { PostgresImages, PostgresSetting } from "./postgresImages.ts";

/** A Postgres as it was found, before its main address is known. */
export interface FoundPostgres extends Listener {
  readonly place: SourcePosition;
  readonly available: Quantity;
  readonly workload?: Workload;
  readonly annotation: (name: string) => Annotation | undefined;
}

/** Postgres' own defaults. */
const DEFAULTS = {
  max_connections: 100,
  superuser_reserved_connections: 3,
  reserved_connections: 0,
} as const;

/** The Postgres servers that a workload's pods run. */
export function podPostgres(workload: Workload, images: PostgresImages): readonly FoundPostgres[] {
  return runningContainers(workload)
    .filter((container) => images.runsServer(container))
    .map((container) => {
      const settings = images.settingsOf(container);
      const port = wholeNumber(settings.get("port")?.value) ?? POSTGRES_PORT;
      return {
        place: container.place,
        namespace: workload.namespace,
        labels: workload.labels,
        ports: [port],
        portNames: new Map(container.ports),
        services: [],
        available: answerable(
          admittedConnections(workload, container, images),
          AVAILABLE_CONNECTIONS_ANNOTATION,
          workload,
        ),
        workload,
        annotation: workload.annotation,
      };
    });
}

/** Where neither a flag nor a file says max_connections, the image may: its default is assumed. */
function admittedConnections(
  workload: Workload,
  container: Container,
  images: PostgresImages,
): Quantity {
  const { name, image, place } = container;
  const settings = images.settingsOf(container);
  const annotation = workload.annotation(AVAILABLE_CONNECTIONS_ANNOTATION);
  const maxDefault = images.computes(container, "max_connections")
    ? undefined
    : DEFAULTS.max_connections;
  const quantity = availableConnections(settings, annotation, maxDefault, place);
  if (!quantity.known || annotation !== undefined || settings.has("max_connections")) {
    return quantity;
  }
  const question = missing(
    `how many connections Postgres in container ${name} admits: image ${image} may set max_connections itself`,
    place,
    `annotate it with ${AVAILABLE_CONNECTIONS_ANNOTATION}: "N" (max_connections less what is reserved)`,
  );
  return assumed(question, quantity.value, quantity.why, ...quantity.places);
}

/**
 * max_connections − superuser_reserved_connections − reserved_connections.
 *
 * @param maxDefault max_connections where none is written; undefined: it is not known
 */
export function availableConnections(
  settings: ReadonlyMap<string, PostgresSetting>,
  annotation: Annotation | undefined,
  maxDefault: number | undefined,
  place: SourcePosition,
): Quantity {
  const annotated = annotatedWhole(annotation, "what it admits");
  if (annotated !== undefined) return annotated;
  const remedy = `annotate it with ${AVAILABLE_CONNECTIONS_ANNOTATION}: "N"`;
  const quantities: KnownQuantity[] = [];
  for (const [key, usual] of Object.entries({ ...DEFAULTS, max_connections: maxDefault })) {
    const setting = settings.get(key);
    const number = setting === undefined ? usual : wholeNumber(setting.value);
    if (number === undefined) {
      return missing(`${key} of Postgres`, setting?.place ?? place, remedy);
    }
    const why = setting === undefined ? `${number} ${key} (default)` : `${number} ${key}`;
    quantities.push(known(number, why, ...(setting === undefined ? [] : [setting.place])));
  }
  const [max, ...taken] = quantities.filter(({ value }, index) => index === 0 || value > 0);
  const available = taken.reduce((rest, { value }) => rest - value, max?.value ?? 0);
  return known(
    Math.max(0, available),
    [max, ...taken].map((one) => one?.why ?? "").join(" − "),
    ...quantities.flatMap(({ places }) => places),
  );
}

/** A mapping of settings, as operators' objects have it. */
export function settingsIn(...mappings: readonly Field[]): ReadonlyMap<string, PostgresSetting> {
  return new Map(
    mappings.flatMap((mapping) =>
      mapping
        .entries()
        .map(
          ([key, field]) => [key, { value: String(field.value), place: field.place() }] as const,
        ),
    ),
  );
}
