import { expect, it } from "vitest";
import { planFleet } from "./planFleet.ts";
import { planReport } from "../report/planReport.ts";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import { cannotFit } from "./refusal.ts";

it("refuses in the words of weir plan: clients, slots, and a Postgres", () => {
  const postgres = { maxConnections: 20, shareConnections: 14 };
  const plan = planFleet({
    budgets: [
      budgetOf({ name: "writing", postgres, pgbouncer: { maxClientConn: 40 } }),
      budgetOf({ name: "reading", postgres, pgbouncer: { maxClientConn: 40 } }),
    ],
    servers: ["a", "b", "c", "d", "e", "f"].map((name) =>
      serverOf(name, { pool: { guaranteed: 3, max: 3 } }),
    ),
  });
  const refused = cannotFit(plan);
  expect(refused).toContain("ConnectionBudget writing/writing cannot fit.\n");
  expect(refused).toContain("\n    a: 6 = 3 guaranteed × 2 pods at peak\n");
  expect(refused).toContain("\n  weir knows no single change that makes this fit.\n");

  const table = planReport(plan, "npx weir plan", { colour: false, columns: 500 });
  for (const sentence of [
    "Clients: 6 servers need 36 connections, 30 are there: 6 missing.",
    "Slots: 6 lines need 6 slots and maintenance 2, 7 are there: 1 missing.",
    "Postgres postgres.writing.svc.cluster.local:5432 cannot carry the shares of its budgets.",
    "17 = 14 writing/reading + 14 writing/writing − 11 missing",
  ]) {
    expect(refused).toContain(sentence);
    expect(table).toContain(sentence);
  }
});

it("counts one as one, and nothing as less than nothing", () => {
  const plan = planFleet({
    budgets: [
      budgetOf({ postgres: { maxConnections: 4 }, pgbouncer: { maxClientConn: 11, replicas: 2 } }),
    ],
    servers: [serverOf("cart", { pool: { guaranteed: 1 } })],
  });
  const refused = cannotFit(plan);
  expect(refused).toContain("  Clients: 1 server needs 2 connections, 1 is there: 1 missing.\n");
  expect(refused).toContain(
    "  Slots: 1 line needs 1 slot and maintenance 2, 0 are there: 3 missing.\n",
  );
});
