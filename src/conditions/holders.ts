import { CONSOLE_DATABASE, MAINTENANCE_LINE } from "../api/names.ts";
import { byCodeUnit } from "../text/order.ts";
import { listed } from "../text/wording.ts";
import type { Owners } from "./owners.ts";
import type { ObservedPgBouncer } from "./observed.ts";

/** `scene 20, review 20 and reporting 12, all idle`: who holds a process' clients, most first. */
export function holdersOf(pooler: ObservedPgBouncer, owners: Owners): string {
  const counts = new Map<string, { clients: number; idle: number }>();
  for (const client of pooler.state.clients) {
    if (client.line === CONSOLE_DATABASE || client.line === MAINTENANCE_LINE) continue;
    const owner = owners.of(pooler, client);
    const who = owner ?? `line ${client.line} from ${client.address}`;
    const { clients, idle } = counts.get(who) ?? { clients: 0, idle: 0 };
    counts.set(who, { clients: clients + client.count, idle: idle + client.idle });
  }
  const all = [...counts].map(([who, count]) => ({ who, ...count }));
  const sorted = all.toSorted((a, b) => b.clients - a.clients || byCodeUnit(a.who, b.who));
  return `${listed(sorted.map(({ who, clients }) => `${who} ${clients}`))}${idleness(all)}`;
}

/** In steps that traffic doesn't move at every moment. */
function idleness(all: readonly { readonly clients: number; readonly idle: number }[]): string {
  const clients = all.reduce((sum, each) => sum + each.clients, 0);
  const idle = all.reduce((sum, each) => sum + each.idle, 0);
  if (clients === 0) return "nobody that is logged in by now";
  if (idle === clients) return ", all idle";
  return idle * 2 > clients ? ", most of them idle" : ", most of them busy";
}
