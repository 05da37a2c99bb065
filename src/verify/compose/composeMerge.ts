import { Template } from "../template.ts";
import type { ComposeValue } from "./composeValue.ts";

/** Fields of a service of which a file replaces what a file before it says. */
const REPLACED: ReadonlySet<string> = new Set(["command", "entrypoint", "test", "image"]);

/** Fields that may be a list of NAME=VALUE, or of names, and are a mapping all the same. */
const PAIRS: ReadonlySet<string> = new Set([
  "environment",
  "labels",
  "args",
  "extra_hosts",
  "networks",
  "depends_on",
]);

/** Lists whose items are one by what they are at in the container. */
const BY_TARGET: ReadonlySet<string> = new Set(["volumes", "secrets", "configs"]);

/**
 * A value over that of a file before it, as docker compose merges them: mappings field by field,
 * lists one after the other; https://docs.docker.com/reference/compose-file/merge/.
 *
 * @param field the name of the field whose values they are
 */
export function mergedValue(base: ComposeValue, over: ComposeValue, field = ""): ComposeValue {
  if (over.content === undefined || base.content === undefined) {
    return over.content === undefined ? base : over;
  }
  if (over.tag !== undefined || REPLACED.has(field)) return over;
  const [below, above] = [asMapping(base, field), asMapping(over, field)];
  if (below.mapping !== undefined && above.mapping !== undefined) {
    const content = new Map(below.mapping);
    for (const [name, value] of above.mapping) {
      const before = content.get(name);
      if (value.tag === "reset") content.delete(name);
      else content.set(name, before === undefined ? value : mergedValue(before, value, name));
    }
    return over.with(content);
  }
  const lists = [below, above].map((value) =>
    field === "env_file" || Array.isArray(value.content) ? value.list : undefined,
  );
  const [first, second] = lists;
  if (first === undefined || second === undefined) return over;
  if (!BY_TARGET.has(field)) return over.with([...first, ...second]);
  const byTarget = [...first, ...second].map((item) => [targetOf(item), item] as const);
  return over.with([...new Map(byTarget).values()]);
}

/** A list of `NAME=VALUE` (extra_hosts: `NAME:VALUE`) as the mapping that it means. */
export function asMapping(value: ComposeValue, field: string): ComposeValue {
  if (!PAIRS.has(field) || !Array.isArray(value.content)) return value;
  return value.with(
    new Map(
      value.items.flatMap((item) => {
        const pair = item.text?.match(field === "extra_hosts" ? HOST_PAIR : PAIR);
        const name = pair?.[1]?.known;
        return name === undefined ? [] : [[name, item.with(pair?.[2] ?? null)] as const];
      }),
    ),
  );
}

const PAIR = /^([^=]*)(?:=(.*))?$/s;
const HOST_PAIR = /^([^=:]*)(?:[=:](.*))?$/s;

/** Where a volume, a secret or a config is in the container. */
function targetOf(item: ComposeValue): string {
  const long = item.at("target").text ?? item.at("source").text;
  const [source, target] = mountParts(item.text ?? Template.of(""));
  return (long ?? target ?? source ?? Template.of("")).render();
}

/** `SOURCE:TARGET:MODE`, also with a drive's letter; a target alone is no mount of anything. */
export function mountParts(text: Template): readonly (Template | undefined)[] {
  const [, source, target] = text.match(/^((?:[A-Za-z]:[\\/])?[^:]*)(?::([^:]*))?/) ?? [];
  return [source, target];
}
