import { AVAILABLE_CONNECTIONS_ANNOTATION } from "../../api/names.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { Quantity } from "../system.ts";
import { availableOf } from "./annotations.ts";
import { containerEnv, expanded } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { known, missing, wholeNumber } from "./quantities.ts";
import type { Annotation, Inventory } from "./inventory.ts";
import { mountedFiles } from "./mountedFiles.ts";
import { commandOf, namedPorts, runningContainers } from "./pgbouncerPods.ts";
import type { Workload } from "./workloads.ts";

/** A Postgres as it was found, before its addresses are known. */
export interface FoundPostgres {
  readonly place: SourcePosition;
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly ports: readonly number[];
  readonly portNames: ReadonlyMap<string, number>;
  /** Services that its operator makes; the first is its main address. */
  readonly services: readonly { readonly name: string; readonly port: number }[];
  readonly available: Quantity;
  readonly workload?: Workload;
}

/** A script that starts the server. */
const STARTS = /(?:^|[\s;&|])postgres(?:\s|$)/;

/** A setting of Postgres, where it stands. */
export interface PostgresSetting {
  readonly value: string;
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

type Key = keyof typeof DEFAULTS;

export function isPostgres(container: Field): boolean {
  const image = container.at("image").text() ?? "";
  return IMAGE.test(image.replace(/@.*$/, "").replace(/:[^/]*$/, ""));
}

/**
 * Whether a container of a Postgres image runs the server: its entrypoint does unless the command
 * names another program (psql, pg_dump, a script).
 */
function runsServer(container: Field): boolean {
  if (!isPostgres(container)) return false;
  const [command] = container.at("command").items();
  const [argument] = container.at("args").items();
  const program = command?.text() ?? argument?.text() ?? "postgres";
  if (/(?:^|\/)(?:ba|da|a)?sh$/.test(program)) return STARTS.test(commandOf(container).join(" "));
  return /^-|(?:^|\/)(?:postgres|docker-entrypoint\.sh|docker-ensure-initdb\.sh|run\.sh|entrypoint\.sh|launch\.sh)$/.test(
    program,
  );
}

/** The Postgres servers that a workload's pods run. */
export function podPostgres(inventory: Inventory, workload: Workload): readonly FoundPostgres[] {
  return runningContainers(workload)
    .filter(runsServer)
    .map((container) => {
      const settings = containerSettings(inventory, workload, container);
      const port = wholeNumber(settings.get("port")?.value ?? "") ?? 5432;
      return {
        place: container.place(),
        namespace: workload.namespace,
        labels: workload.labels,
        ports: [port],
        portNames: new Map(namedPorts(container)),
        services: [],
        available: availableConnections(
          settings,
          workload.annotation(AVAILABLE_CONNECTIONS_ANNOTATION),
          DEFAULTS.max_connections,
          container.place(),
        ),
        workload,
      };
    });
}

/**
 * max_connections − superuser_reserved_connections − reserved_connections.
 *
 * @param maxDefault max_connections where none is written; undefined: nobody says it
 */
export function availableConnections(
  settings: ReadonlyMap<string, PostgresSetting>,
  annotation: Annotation | undefined,
  maxDefault: number | undefined,
  place: SourcePosition,
): Quantity {
  const told = availableOf(annotation);
  if (told !== undefined) return told;
  const tell = `annotate it with ${AVAILABLE_CONNECTIONS_ANNOTATION}: "N"`;
  const figures = new Map<Key, Quantity>();
  for (const key of Object.keys(DEFAULTS).filter(isKey)) {
    const setting = settings.get(key);
    const byDefault = key === "max_connections" ? maxDefault : DEFAULTS[key];
    const number = setting === undefined ? byDefault : wholeNumber(setting.value);
    if (number === undefined) {
      return missing(`${key} of Postgres`, setting?.place ?? place, tell);
    }
    const why = setting === undefined ? `${number} ${key} (default)` : `${number} ${key}`;
    figures.set(key, known(number, why, ...(setting === undefined ? [] : [setting.place])));
  }
  const [max, ...reserved] = [...figures.values()].filter((figure) => figure.known);
  const taken = reserved.filter(({ value }) => value > 0);
  const value = taken.reduce((rest, one) => rest - one.value, max?.value ?? 0);
  return known(
    Math.max(0, value),
    [max, ...taken].map((figure) => figure?.why ?? "").join(" − "),
    ...[max, ...reserved].flatMap((figure) => figure?.places ?? []),
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

function isKey(key: string): key is Key {
  return Object.hasOwn(DEFAULTS, key);
}

/** From -c and --key=value, which win, and a mounted postgresql.conf. */
function containerSettings(
  inventory: Inventory,
  workload: Workload,
  container: Field,
): ReadonlyMap<string, PostgresSetting> {
  const settings = new Map<string, PostgresSetting>();
  const environment = containerEnv(inventory, workload, container);
  const { files } = mountedFiles(inventory, workload, container, environment);
  for (const { path, text, place } of files.values()) {
    if (!/(?:postgresql|postgres|custom)[^/]*\.conf$|conf\.d\/[^/]*\.conf$/.test(path)) continue;
    for (const [, key = "", value = ""] of text.matchAll(
      /^[ \t]*(\w+)[ \t]*(?:=|[ \t])[ \t]*'?([^'#\n]*?)'?[ \t]*(?:#.*)?$/gm,
    )) {
      settings.set(key.toLowerCase(), { value, place: { ...place, key } });
    }
  }
  // bitnami/postgresql makes its configuration of this.
  const variable = environment.variables.get("POSTGRESQL_MAX_CONNECTIONS");
  if (variable !== undefined) {
    settings.set("max_connections", { value: variable.value, place: variable.place });
  }
  const texts = commandOf(container).map((text) => expanded(text, environment.variables));
  const args = container.at(container.at("args").exists ? "args" : "command").place();
  for (const [, key = "", value = ""] of texts
    .join("\n")
    .matchAll(/(?:-c[\s]*|--)(\w+)=["']?([^\s"']*)/g)) {
    settings.set(key.toLowerCase(), { value, place: { ...args, key } });
  }
  return settings;
}
