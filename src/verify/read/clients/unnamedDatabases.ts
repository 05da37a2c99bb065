import type { MissingQuantity } from "../../quantity.ts";
import type { Client, Pooler } from "../../system.ts";
import { targetQuestion } from "../../targetQuestion.ts";

/**
 * Clients that name no database, on a pooler whose only line `*` admits any: each database has a pool
 * of its own there. weir assumes one: a program with a pool mostly uses one database.
 */
export function unnamedDatabases(
  poolers: readonly Pooler[],
  clients: readonly Client[],
): readonly MissingQuantity[] {
  const open = new Set(
    poolers.filter(({ groups }) => groups.some(hasOnlyFallback)).map(({ name }) => name),
  );
  return clients.flatMap((client) => {
    const { name, target } = client;
    if (target.kind !== "pooler" || target.isUnnamed === undefined) return [];
    if (!open.has(target.pooler)) return [];
    const what = `how many databases ${name} uses through line * of ${target.pooler}: it names no database`;
    return { ...targetQuestion(client, what), assumed: 1 };
  });
}

function hasOnlyFallback({ lines }: Pooler["groups"][number]): boolean {
  return lines.length === 1 && lines[0]?.name === "*";
}
