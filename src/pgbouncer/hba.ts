import { CONSOLE_ADMIN, CONSOLE_DATABASE, STATS_LOGIN } from "../api/names.ts";
import type { Line } from "./lines.ts";

/**
 * Which logins may use which line: each login to its own alone, the console's admin over the unix
 * socket as the process' own user, the stats login to the console over TCP. All else is refused,
 * since PgBouncer denies what no line of an hba file allows. With one shared login any server
 * could take another's bulkhead.
 *
 * @param tls over TCP only TLS connections are let in
 */
export function hba(lines: readonly Line[], tls: boolean): string {
  const overTcp = [
    { database: CONSOLE_DATABASE, login: STATS_LOGIN },
    ...lines.map(({ name }) => ({ database: name, login: name })),
  ];
  const type = tls ? "hostssl" : "host";
  return [
    `local "${CONSOLE_DATABASE}" "${CONSOLE_ADMIN}" peer`,
    ...overTcp.flatMap(({ database, login }) =>
      ["0.0.0.0/0", "::/0"].map(
        (addresses) => `${type} "${database}" "${login}" ${addresses} scram-sha-256`,
      ),
    ),
    "",
  ].join("\n");
}
