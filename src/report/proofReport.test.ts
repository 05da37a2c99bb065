import { expect, test } from "vitest";
import {
  clientOf,
  directOf,
  groupOf,
  known,
  lineOf,
  missing,
  objectNamed,
  poolerOf,
  postgresOf,
  systemOf,
} from "../../test/verify/systemOf.ts";
import { prove } from "../verify/proof/prove.ts";
import type { System } from "../verify/system.ts";
import { proofReport } from "./proofReport.ts";

function table(system: System, columns = 100): string {
  const poolers = system.poolers.map(({ name }) => name);
  const read = { objects: [], poolers, unreadPoolers: system.unreadPoolers };
  return proofReport(prove(system), read, { colour: false, columns });
}

test("hundreds of terms are counted where they are equal, and the total is still theirs", () => {
  const names = Array.from({ length: 300 }, (_, index) => `s${String(index).padStart(3, "0")}`);
  const lines = names.map((name, index) =>
    lineOf(name, { user: "app", maxClients: index < 290 ? 4 : 5 }),
  );
  const clients = names.map((database) => clientOf(database, 2, 2, { database }));
  const group = groupOf({ capacity: 1220, lines });
  const postgres = [postgresOf(1500)];
  const text = table(systemOf({ poolers: [poolerOf("pooler", [group])], clients, postgres }));

  expect(text).toContain(
    `  Clients on each process
    1160  290 × 4: line s000, line s001, line s002, line s003, line s004, line s005 and 284 more;`,
  );
  expect(text).toContain("      50  10 × 5: line s290");
  expect(text).toContain("    1220  ≤ 1220");
  expect(text).toContain("    1500  ≤ 1500");
  expect(text).toContain("    290 lines, each 4 ≤ 4: ");
  expect(text.split("\n").length).toBeLessThan(40);
});

test("a Postgres before which nobody stands has a block of its own; no end is ∞", () => {
  const poolers = [poolerOf("pooler", [groupOf({ lines: [lineOf("app", { poolSize: 0 })] })])];
  const clients = [directOf("report", 1, 2, "other:5432"), clientOf("a", 1, missing("its pool"))];
  const postgres = [postgresOf(9), postgresOf(3, "other:5432")];
  const text = table(systemOf({ poolers, clients, postgres }));

  expect(text).toContain("✓ Postgres other:5432\n  Backend connections\n    2  report");
  expect(text).toMatch(/^ {4}∞ {2}> 9/m);
  expect(text).toContain("? Missing: its pool\n");
  expect(text).toContain("  To supply it: annotate its pool\n");
});

test("a number that an option gives is said to be that option's: no file has it", () => {
  const object = objectNamed("Deployment", "a");
  const place = { object, path: ["metadata"], option: "weir.dev/pool-max=96" };
  const poolers = [poolerOf("pooler", [groupOf({ capacity: 90 })])];
  const text = table(systemOf({ poolers, clients: [clientOf("a", 1, known(96, place))] }));
  expect(text).toContain("look first at --annotate 'Deployment shop/a:weir.dev/pool-max=96'\n");
});

test.each([40, 60, 100])("no line is wider than a terminal of %i columns", (columns) => {
  const clients = [clientOf("a", 2, 30), clientOf("b", 2, 40)];
  const poolers = [poolerOf("pooler", [groupOf({ lines: [lineOf("app", { maxClients: 80 })] })])];
  const text = table(systemOf({ poolers, clients, postgres: [postgresOf(3)] }), columns);
  for (const line of text.split("\n")) {
    // A word that is longer has a line of its own.
    expect(line.length > columns ? line.trim().split(" ").length : 1).toBe(1);
  }
});
