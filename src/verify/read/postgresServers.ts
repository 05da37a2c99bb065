import { AVAILABLE_CONNECTIONS_ANNOTATION, POSTGRES_PORT } from "../../api/names.ts";
import { known, missing, wholeNumber, type KnownQuantity, type Quantity } from "../quantity.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import { Template } from "../template.ts";
import {
  commandLine,
  imagePath,
  isShell,
  runningContainers,
  type Annotation,
  type Container,
  type Workload,
} from "../workload.ts";
import type { Listener } from "./addresses.ts";
import { annotatedWhole } from "./annotations.ts";
import type { Field } from "./field.ts";

/** A Postgres as it was found, before its main address is known. */
export interface FoundPostgres extends Listener {
  readonly place: SourcePosition;
  readonly available: Quantity;
  readonly workload?: Workload;
}

/** A script that starts the server. */
const STARTS = /(?:^|[\s;&|])postgres(?:\s|$)/;

/** A setting of Postgres, where it stands. */
interface PostgresSetting {
  /** Undefined: unknown. */
  readonly value: string | undefined;
  readonly place: SourcePosition;
}

const IMAGE =
  /(?:^|\/)(?:postgres|postgresql|postgis|timescaledb(?:-ha)?|pgvector|spilo(?:-\d+)?|crunchy-postgres(?:-gis)?(?:-ha)?)$/;

/** Postgres' own defaults. */
const DEFAULTS = {
  max_connections: 100,
  superuser_reserved_connections: 3,
  reserved_connections: 0,
} as const;

export function isPostgresImage(container: Container): boolean {
  return IMAGE.test(imagePath(container));
}

/**
 * Whether a container of a Postgres image runs the server: its entrypoint does unless the command
 * names another program (psql, pg_dump, a script).
 */
function runsServer(container: Container): boolean {
  if (!isPostgresImage(container)) return false;
  const program = (container.command[0] ?? container.args[0])?.text ?? Template.of("postgres");
  if (isShell(program)) return commandLine(container).test(STARTS);
  return program.test(
    /^-|(?:^|\/)(?:postgres|docker-entrypoint\.sh|docker-ensure-initdb\.sh|run\.sh|entrypoint\.sh|launch\.sh)$/,
  );
}

/** The Postgres servers that a workload's pods run. */
export function podPostgres(workload: Workload): readonly FoundPostgres[] {
  return runningContainers(workload)
    .filter(runsServer)
    .map((container) => {
      const settings = containerSettings(container);
      const port = wholeNumber(settings.get("port")?.value) ?? POSTGRES_PORT;
      return {
        place: container.place,
        namespace: workload.namespace,
        labels: workload.labels,
        ports: [port],
        portNames: new Map(container.ports),
        services: [],
        available: availableConnections(
          settings,
          workload.annotation(AVAILABLE_CONNECTIONS_ANNOTATION),
          DEFAULTS.max_connections,
          container.place,
        ),
        workload,
      };
    });
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

/** From -c and --key=value, which win, and a mounted postgresql.conf. */
function containerSettings(container: Container): ReadonlyMap<string, PostgresSetting> {
  const settings = new Map<string, PostgresSetting>();
  for (const { path, text, place } of container.files.files.values()) {
    if (!/(?:postgresql|postgres|custom)[^/]*\.conf$|conf\.d\/[^/]*\.conf$/.test(path)) continue;
    for (const [, key = "", value = ""] of text.matchAll(
      /^[ \t]*(\w+)[ \t]*(?:=|[ \t])[ \t]*'?([^'#\n]*?)'?[ \t]*(?:#.*)?$/gm,
    )) {
      settings.set(key.toLowerCase(), { value, place: { ...place, key } });
    }
  }
  // bitnami/postgresql makes its configuration of this.
  const variable = container.environment.variables.get("POSTGRESQL_MAX_CONNECTIONS");
  if (variable !== undefined) {
    settings.set("max_connections", { value: variable.value.known, place: variable.place });
  }
  const command = commandLine(container, "\n");
  for (const [, name, value] of command.matchAll(/(?:-c[\s]*|--)(\w+)=["']?([^\s"']*)/g)) {
    const key = name?.render() ?? "";
    const place = { ...container.argsPlace, key };
    settings.set(key.toLowerCase(), { value: value?.known, place });
  }
  return settings;
}
