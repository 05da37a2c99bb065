import { readIni, type Ini } from "../../pgbouncer/readIni.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { MissingQuantity } from "../system.ts";

/** A setting as text and where it stands, or what is missing to know it. */
export type Setting =
  | { readonly known: true; readonly value: string; readonly place: SourcePosition }
  | MissingQuantity;

export type Settings = ReadonlyMap<string, Setting>;

/** One entry of [databases]. */
export interface ConfiguredLine {
  readonly place: SourcePosition;
  readonly keys: Settings;
}

/**
 * What a PgBouncer is told, however it is told: by an ini, by the environment of its image, by an
 * operator's object. What is not in it has PgBouncer's own default.
 */
export interface Configuration {
  /** Keys of [pgbouncer]. */
  readonly settings: Settings;
  readonly lines: ReadonlyMap<string, ConfiguredLine>;
  readonly users: ReadonlyMap<string, Settings>;
}

export function setting(value: string, place: SourcePosition): Setting {
  return { known: true, value, place };
}

/** Where something of an ini stands. */
export type PlaceInIni = (
  section: string,
  key: string,
  file: string,
  within?: string,
) => SourcePosition;

/**
 * An ini as a configuration.
 *
 * @param included other files that it may include, by path
 */
export function iniConfiguration(
  text: string,
  file: string,
  included: (path: string) => string | undefined,
  placeOf: PlaceInIni,
): { readonly configuration: Configuration; readonly problems: Ini["problems"] } {
  const ini = readIni(text, file, included);
  const keysOf = (section: string, name: string, { keys, file: origin }: IniKeys): Settings =>
    new Map(
      [...keys].map(([key, value]) => [key, setting(value, placeOf(section, name, origin, key))]),
    );
  return {
    configuration: {
      settings: new Map(
        [...ini.settings].map(([key, { value, file: origin }]) => [
          key,
          setting(value, placeOf("pgbouncer", key, origin)),
        ]),
      ),
      lines: new Map(
        [...ini.databases].map(([name, entry]) => [
          name,
          {
            place: placeOf("databases", name, entry.file),
            keys: keysOf("databases", name, entry),
          },
        ]),
      ),
      users: new Map([...ini.users].map(([name, entry]) => [name, keysOf("users", name, entry)])),
    },
    problems: ini.problems,
  };
}

interface IniKeys {
  readonly keys: ReadonlyMap<string, string>;
  readonly file: string;
}

/** Two configurations with equal text are one: peer_id tells processes apart and limits nothing. */
export function configurationKey({ settings, lines, users }: Configuration): string {
  return JSON.stringify([
    texts(settings).filter(([key]) => key !== "peer_id"),
    [...lines].map(([name, { keys }]) => [name, texts(keys)]),
    [...users].map(([name, keys]) => [name, texts(keys)]),
  ]);
}

function texts(settings: Settings): readonly (readonly [string, string])[] {
  return [...settings].map(([key, value]) => [key, value.known ? value.value : value.what]);
}
