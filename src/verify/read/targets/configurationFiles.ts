import { parse } from "yaml";
import { isMapping, valueAt } from "../../../json/fields.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { Template } from "../../template.ts";
import type { Container, ContainerFile } from "../../workload.ts";
import type { ConnectionTarget, FilePoolSize } from "./connectionTargets.ts";

type ConfigurationFile = Knowledge["configuration-files"][number];

/** The connections that a file of a known program declares: where they lead, and their pools. */
export function declaredTargets(
  file: ContainerFile,
  container: Container,
  rows: readonly ConfigurationFile[],
): readonly ConnectionTarget[] {
  const own = rows.filter(({ list }) => file.text.includes(list));
  if (own.length === 0) return [];
  const content = contentOf(file.text);
  return own.flatMap((row) => {
    const items = valueAt(content, row.list.split("."));
    if (!Array.isArray(items)) return [];
    return items.flatMap((item: unknown, index) => {
      const target = isMapping(item) ? targetOf(item, row, file, container) : undefined;
      return target === undefined ? [] : [{ ...target, part: index }];
    });
  });
}

function contentOf(text: string): unknown {
  try {
    return parse(text, { logLevel: "silent" });
  } catch {
    // Its program can't read it either.
    return undefined;
  }
}

function targetOf(
  item: Readonly<Record<string, unknown>>,
  row: ConfigurationFile,
  { place, from }: ContainerFile,
  container: Container,
): ConnectionTarget | undefined {
  const isIts = Object.entries(row.when).every(([field, values]) =>
    values.includes(scalarAt(item, field) ?? ""),
  );
  const textOf = (fields: readonly string[] = []): Template | undefined => {
    const text = fields.map((field) => scalarAt(item, field)).find((one) => one !== undefined);
    return text === undefined || text === "" ? undefined : filled(text, container);
  };
  const address = isIts ? textOf(row.address) : undefined;
  if (address === undefined) return undefined;
  const [, host = address, port] = address.match(/^(.*):(\d{1,5})$/) ?? [];
  return {
    host,
    port: port?.known === undefined ? undefined : Number(port.known),
    database: textOf(row.database),
    user: textOf(row.user),
    place,
    by: from,
    // Each has a pool of its own.
    prefix: from,
    parameters: new Map(),
    isDatabase: true,
    isUrl: true,
    filePool: sizeOf(item, row, container),
  };
}

/** What the file says of the pool, else a variable for all of them, else the program's default. */
function sizeOf(
  item: Readonly<Record<string, unknown>>,
  { name, size, sizeVariable = "", default: byDefault }: ConfigurationFile,
  { environment: { variables } }: Container,
): FilePoolSize {
  const text = scalarAt(item, size);
  if (text !== undefined) return { name: size, text };
  const variable = variables.get(sizeVariable);
  return variable === undefined
    ? { name, byDefault }
    : { name: sizeVariable, text: variable.value.known };
}

function scalarAt(item: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = valueAt(item, field.split("."));
  return typeof value === "string" || typeof value === "number" ? `${value}` : undefined;
}

/** A text with the container's own variables put in: `$HOST`, `${HOST}`, `$__env{HOST}`. */
function filled(text: string, { environment: { variables } }: Container): Template {
  const parts = text.split(/(\$(?:__env)?\{\w+\}|\$\w+)/);
  return Template.join(
    parts.map((part, index) => {
      const [name] = index % 2 === 0 ? [] : (/\w+(?=\}?$)/.exec(part) ?? []);
      if (name === undefined) return Template.of(part);
      return variables.get(name)?.value ?? Template.unknown(`$${name}`);
    }),
  );
}
