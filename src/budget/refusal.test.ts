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

  const table = planReport(plan, { colour: false, columns: 500 });
  for (const sentence of [
    "Clients: 6 servers need 36 connections, 30 are there: 6 missing.",
    "Slots: 6 lines need one each, 7 − 2 for maintenance = 5 are there: 1 missing.",
    "Postgres postgres.writing.svc.cluster.local:5432 cannot carry the shares of its budgets.",
    "17 = 14 writing/reading + 14 writing/writing − 11 missing",
  ]) {
    expect(refused).toContain(sentence);
    expect(table).toContain(sentence);
  }
});
