import { CONNECTS_TO_ANNOTATION } from "../../api/names.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import type { Client, Pooler } from "../system.ts";

/**
 * Clients that name no database, on a pooler whose only line `*` admits any: each database has a pool
 * of its own there. One is assumed, as a pool of a program is mostly of one.
 */
export function unnamedDatabases(
  poolers: readonly Pooler[],
  clients: readonly Client[],
): readonly MissingQuantity[] {
  const open = new Set(
    poolers.filter(({ groups }) => groups.some(hasOnlyFallback)).map(({ name }) => name),
  );
  return clients.flatMap(({ name, workload, target }) => {
    if (target.kind !== "pooler" || target.isUnnamed === undefined) return [];
    if (!open.has(target.pooler)) return [];
    const what = `how many databases ${name} uses by line * of ${target.pooler}: it names none`;
    const form = "host:port/database?user=login";
    const remedy = `annotate its pods with ${CONNECTS_TO_ANNOTATION}: "${form}" for each of them`;
    const [, container] = name.split(", container ");
    return {
      ...missing(what, target.place, remedy),
      assumed: 1,
      ...(container !== undefined && {
        answer: {
          object: workload,
          annotation: CONNECTS_TO_ANNOTATION,
          value: `${container}=${form}`,
        },
      }),
    };
  });
}

function hasOnlyFallback({ lines }: Pooler["groups"][number]): boolean {
  return lines.length === 1 && lines[0]?.name === "*";
}
