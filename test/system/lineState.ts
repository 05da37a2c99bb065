import { consoleQuery, type PgBouncer } from "../parts/pgbouncer.ts";

/** What PgBouncer says of one line. */
interface LineCounts {
  /** max_db_client_connections: the grant as PgBouncer read it. */
  readonly clientsMax: number;
  /** Clients that it counts against that. */
  readonly clients: number;
  /** pool_size: the slots as PgBouncer read them. */
  readonly slots: number;
  /** Backend connections that run something for a client. */
  readonly busySlots: number;
  /** Clients that wait for a backend connection. */
  readonly waiting: number;
}

/** SHOW DATABASES and SHOW POOLS by line, PgBouncer's own console left out. */
export async function lineStates({ place }: PgBouncer): Promise<Record<string, LineCounts>> {
  const databases = await consoleQuery(place, "SHOW DATABASES");
  const pools = await consoleQuery(place, "SHOW POOLS");
  const sum = (line: unknown, column: string) =>
    pools
      .filter(({ database }) => database === line)
      .reduce((total, row) => total + Number(row[column]), 0);
  return Object.fromEntries(
    databases
      .filter(({ name }) => name !== "pgbouncer")
      .map((row) => [
        String(row["name"]),
        {
          clientsMax: Number(row["max_client_connections"]),
          clients: Number(row["current_client_connections"]),
          slots: Number(row["pool_size"]),
          busySlots: sum(row["name"], "sv_active"),
          waiting: sum(row["name"], "cl_waiting"),
        },
      ]),
  );
}
