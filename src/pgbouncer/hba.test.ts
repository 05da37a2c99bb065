import { expect, test } from "vitest";
import { hba } from "./hba.ts";

const LINES = [
  { name: "author", clients: 10, slots: 5 },
  { name: "maintenance", clients: 4, slots: 2 },
];

test("each login gets to its own line, the stats login to the console, nobody anywhere else", () => {
  expect(hba(LINES, false)).toBe(`local "pgbouncer" "pgbouncer" peer
host "pgbouncer" "weir_stats" 0.0.0.0/0 scram-sha-256
host "pgbouncer" "weir_stats" ::/0 scram-sha-256
host "author" "author" 0.0.0.0/0 scram-sha-256
host "author" "author" ::/0 scram-sha-256
host "maintenance" "maintenance" 0.0.0.0/0 scram-sha-256
host "maintenance" "maintenance" ::/0 scram-sha-256
`);
});

test("with TLS nobody gets in over TCP without it", () => {
  const overTcp = hba(LINES, true)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("local "));
  expect(overTcp).toHaveLength(6);
  expect(overTcp.filter((line) => !line.startsWith("hostssl "))).toEqual([]);
});
