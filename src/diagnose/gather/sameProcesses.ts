import type { UnavailablePart } from "../../model/observation.ts";
import type { LivePgBouncer } from "../../model/pgbouncer.ts";

/** A pooler, and what weir's console there is called. */
export interface AskedPgBouncer {
  readonly pooler: LivePgBouncer;
  readonly consoleName: string;
}

/**
 * Each process once: two URLs may reach the same one, by two names or through a Service, and its
 * clients must not count twice. The consoles give it away: each process lists all of its own.
 */
export function dedupeProcesses(asked: readonly AskedPgBouncer[]): {
  readonly told: readonly LivePgBouncer[];
  readonly again: readonly UnavailablePart[];
} {
  const told: LivePgBouncer[] = [];
  const again: UnavailablePart[] = [];
  for (const [index, { pooler }] of asked.entries()) {
    const earlier = asked.slice(0, index).find(({ consoleName }) => lists(pooler, consoleName));
    if (earlier === undefined) told.push(pooler);
    else {
      again.push({
        what: `PgBouncer ${pooler.address}, another process there`,
        why: `it is the same process as ${earlier.pooler.address}, and counted once`,
        next: "name each process by an address of its own: behind a Service or one port with so_reuseport, a login reaches any of them",
      });
    }
  }
  return { told, again };
}

/** application_name_add_host adds to the name. */
function lists({ samples }: LivePgBouncer, consoleName: string): boolean {
  return samples.some(({ clients }) =>
    clients.some(({ applicationName }) => applicationName.startsWith(consoleName)),
  );
}
