import { parse } from "yaml";
import { isMapping } from "../../json/fields.ts";
import { positiveCount } from "../quantity.ts";
import type { Container, ContainerFile } from "../workload.ts";
import { usualName } from "../knowledge/namePatterns.ts";
import type { PoolVariables } from "./poolVariables.ts";

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
export function largestFilePool({ files }: Container, pools: PoolVariables): FilePool | undefined {
  let largest: FilePool | undefined;
  for (const file of files.files.values()) {
    // PgBouncer's own file beside an exporter.
    if (file.text.length > TEXT_MAX || /^\s*\[pgbouncer\]/m.test(file.text)) continue;
    const name = file.path.replace(/^.*\//, "").replace(/\.\w+$/, "");
    for (const [setting, text] of settingsIn(file)) {
      const path = `${name}.${setting}`;
      for (const value of sizesIn(path, text, pools)) {
        if (largest === undefined || value > largest.value) largest = { value, file, setting };
      }
    }
  }
  return largest;
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
