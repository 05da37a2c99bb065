import { expect, test } from "vitest";
import { budgetOf } from "../../test/fleets/fleetOf.ts";
import { planFleet } from "../budget/planFleet.ts";
import { nofileLimit } from "./nofile.ts";

test.each([
  // C + 2 × ⌊P / K⌋ + K + 64
  { maxClientConn: 200, replicas: 2, expected: 200 + 2 * 48 + 2 + 64 },
  { maxClientConn: 200, replicas: 1, expected: 200 + 2 * 97 + 1 + 64 },
  { maxClientConn: 5000, replicas: 3, expected: 5000 + 2 * 32 + 3 + 64 },
])("C $maxClientConn on $replicas of P 97 needs $expected files", (row) => {
  const { maxClientConn, replicas, expected } = row;
  const budget = budgetOf({ pgbouncer: { maxClientConn, replicas } });
  const [plan] = planFleet({ budgets: [budget], servers: [] }).budgets;
  if (plan === undefined) throw new Error("a budget has a plan");

  expect(nofileLimit(budget, plan.slots)).toBe(expected);
});
