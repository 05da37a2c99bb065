import { parse } from "yaml";
import { isMapping } from "../../../json/fields.ts";
import { positiveCount } from "../../quantity.ts";
import type { Container, ContainerFile } from "../../workload.ts";
import { usualName } from "../../knowledge/namePatterns.ts";
import type { PoolVariables } from "./poolVariables.ts";
import { isLocation } from "./stores.ts";

/** A size of a pool that a file of a container says. */
interface FilePool {
  readonly value: number;
  readonly file: ContainerFile;
  /** `spring.datasource.hikari.maximum-pool-size`. */
  readonly setting: string;
}

/** Longer ones are no settings. */
const TEXT_MAX = 100_000;
const DEPTH_MAX = 20;

/** The largest pool that the files of a container say: YAML, JSON, properties, INI. */
export function largestFilePool(container: Container, pools: PoolVariables): FilePool | undefined {
  let largest: FilePool | undefined;
  for (const { file, path, setting, text } of settingsOf(container)) {
    for (const value of sizesIn(path, text, pools)) {
      if (largest === undefined || value > largest.value) largest = { value, file, setting };
    }
  }
  return largest;
}

/**
 * The size of the pool where the files of a container say just one, in a setting of its own, lead to
 * one place, and say nothing of what its library opens beyond it.
 */
export function onlyFilePool(container: Container, pools: PoolVariables): FilePool | undefined {
  if (container.files.unknown.length > 0) return undefined;
  let only: FilePool | undefined;
  let locations = 0;
  for (const { file, path, setting, text } of settingsOf(container)) {
    const words = path.split(/[.:]/);
    if (words.some((_, index) => pools.isOverflow(words.slice(index).join(".")))) return undefined;
    const name = usualName(path);
    if (pools.stores.isDatabaseName(name) && isLocation(name)) locations++;
    if (locations > 1) return undefined;
    const [value] = sizesIn(path, text, pools);
    if (value === undefined) continue;
    if (only !== undefined || positiveCount(text) !== value) return undefined;
    only = { value, file, setting };
  }
  return only;
}

/** The variables that hold JSON, as files of their names: `SPRING_APPLICATION_JSON`. */
function jsonVariables({ environment }: Container): readonly ContainerFile[] {
  return [...environment.variables.values()].flatMap(({ name, value, place }) => {
    const text = value.known?.trim() ?? "";
    return text.startsWith("{") ? [{ path: `${name}.json`, text, place, from: name }] : [];
  });
}

/**
 * Each setting of the files of a container, and of JSON in its variables; its path begins with the
 * file's name.
 */
export function settingsOf(container: Container): readonly {
  readonly file: ContainerFile;
  readonly path: string;
  readonly setting: string;
  readonly text: string;
}[] {
  return [...container.files.files.values(), ...jsonVariables(container)].flatMap((file) => {
    // PgBouncer's own file beside an exporter.
    if (file.text.length > TEXT_MAX || /^\s*\[pgbouncer\]/m.test(file.text)) return [];
    const name = file.path.replace(/^.*\//, "").replace(/\.\w+$/, "");
    return settingsIn(file).map(([setting, text]) => ({
      file,
      path: `${name}.${setting}`,
      setting,
      text,
    }));
  });
}

/** What a setting says of a pool: as the size itself, or in a connection string. */
function sizesIn(path: string, text: string, pools: PoolVariables): readonly number[] {
  if (!pools.stores.isDatabaseName(usualName(path))) return [];
  const own = positiveCount(text);
  if (own !== undefined) return isSize(path, pools) ? [own] : [];
  return [...text.matchAll(/(?:^|[;?&\s])([\w ]+?)\s*=\s*(\d+)/g)].flatMap(
    ([, name = "", value]) => {
      const count = positiveCount(value);
      return count !== undefined && pools.isParameter(name) ? [count] : [];
    },
  );
}

function isSize(path: string, pools: PoolVariables): boolean {
  const words = path.split(/[.:]/);
  return (
    pools.isParameter(words.at(-1) ?? "") ||
    words.some((_, index) => pools.isSize(words.slice(index).join(".")))
  );
}

/** Each setting of a file with its whole path. */
function settingsIn({ path, text }: ContainerFile): readonly (readonly [string, string])[] {
  if (/\.(?:ya?ml|json)$/.test(path)) {
    try {
      return leaves(parse(text, { logLevel: "silent" }), [], 0);
    } catch {
      // As lines.
    }
  }
  let section = "";
  return text.split("\n").flatMap((line): readonly (readonly [string, string])[] => {
    const [, heading] = /^\s*\[+([\w.-]+)\]+\s*$/.exec(line) ?? [];
    if (heading !== undefined) section = `${heading}.`;
    const [, name, value = ""] = /^\s*["']?([\w.-]+)["']?\s*[:=]\s*["']?([^"'#]*)/.exec(line) ?? [];
    return name === undefined ? [] : [[section + name, value.trim()]];
  });
}

function leaves(
  value: unknown,
  path: readonly string[],
  depth: number,
): readonly (readonly [string, string])[] {
  if (depth > DEPTH_MAX) return [];
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, path, depth + 1));
  if (isMapping(value)) {
    return Object.entries(value).flatMap(([key, one]) => leaves(one, [...path, key], depth + 1));
  }
  return typeof value === "string" || typeof value === "number"
    ? [[path.join("."), String(value)]]
    : [];
}
