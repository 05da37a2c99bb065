import type { MissingQuantity, Pooler, System } from "../system.ts";
import { clientsOf } from "./lineUse.ts";

/**
 * PgBouncers of which no client is among the objects, though a line of theirs admits any number:
 * that nobody connects is not proved by not having seen anybody.
 */
export function unlistedClients(system: System): readonly MissingQuantity[] {
  return system.poolers
    .filter((pooler) => isOpen(pooler) && clientsOf(pooler, system).length === 0)
    .map(({ name, place }) => ({
      known: false,
      what: `who connects to ${name}: no client of it is among the objects`,
      place,
      tell: "verify the manifests of its clients too, or bound each line by max_db_client_connections",
    }));
}

function isOpen({ groups }: Pooler): boolean {
  return groups.some(({ lines }) =>
    lines.some(
      ({ maxClients }) => maxClients === undefined || (maxClients.known && maxClients.value === 0),
    ),
  );
}
