import type { PostgresHolding } from "../diagnose/diagnosis.ts";
import { rowsOf, titled } from "./diagnosisRows.ts";
import type { Paint } from "../text/paint.ts";
import { hangingIndent } from "../text/wrap.ts";

/** What Postgres allows and has open, by role. */
export function postgresBlock(
  { address, version, available, maxConnections, open, roles }: PostgresHolding,
  columns: number,
  paint: Paint,
): readonly string[] {
  const reserved = maxConnections - available;
  const sum = `${available} = ${maxConnections} max_connections − ${reserved} reserved`;
  return [
    ...titled(
      `Postgres ${address} (${version})`,
      `${open} of ${available} are open`,
      columns,
      paint,
    ),
    ...hangingIndent("  ", sum, columns),
    ...rowsOf(
      { numbers: ["open", "of", "active", "in transaction"], name: "role", text: "" },
      roles.map((role) => ({
        numbers: [
          `${role.open}`,
          role.limit === undefined || role.limit < 0 ? "any" : `${role.limit}`,
          `${role.active}`,
          `${role.idleInTransaction}`,
        ],
        name: role.role,
        text: "",
      })),
      columns,
      paint,
      (hidden) => `${hidden} more; --output json has all`,
    ),
  ];
}
