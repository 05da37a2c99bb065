import { beforeEach, describe, expect, it, vi } from "vitest";
import { after, serverCondition, snapshotOf } from "../../test/operator/snapshotOf.ts";
import type * as allocation from "../budget/allocate.ts";
import { allocate } from "../budget/allocate.ts";
import { conditionIn } from "./condition.ts";
import { judge } from "./judge.ts";

vi.mock("../budget/allocate.ts", { spy: true });

const { allocate: correct } = await vi.importActual<typeof allocation>("../budget/allocate.ts");

const well = snapshotOf();
const before = after(well, judge(well));

/** A planner that gives the first server one connection too many. */
beforeEach(() => {
  vi.mocked(allocate).mockImplementation((claims, available) => {
    const [first = 0, ...others] = correct(claims, available);
    return [first + 1, ...others];
  });
});

describe("where weir's own sums disagree", () => {
  it("Feasible is Unknown with the numbers, and Ready is", () => {
    const { budget } = judge(before).statuses;
    expect(conditionIn(budget, "Feasible")).toMatchObject({
      status: "Unknown",
      reason: "SumsDisagree",
      message: expect.stringMatching(
        /^ConnectionBudget writing\/writing: backend connections of each PgBouncer process: .* = 49, which must be 48 of Postgres' 97 \/ 2; this is a fault of weir/,
      ),
    });
    expect(conditionIn(budget, "Ready")).toMatchObject({
      status: "Unknown",
      reason: "SumsDisagree",
    });
  });

  it("what needs no plan is still judged", () => {
    const { budget } = judge(before).statuses;
    for (const type of ["WithinBudget", "PostgresGuarded"]) {
      expect(conditionIn(budget, type)?.status).toBe("True");
    }
    expect(conditionIn(budget, "ConfigApplied")?.reason).toBe("SumsDisagree");
  });

  it("servers are Unknown, and keep the numbers that they had", () => {
    expect(serverCondition(before, "scene", "Ready")).toMatchObject({
      status: "Unknown",
      reason: "SumsDisagree",
    });
    const numbers = { limit: 5, grant: 10, slots: 4 };
    expect(judge(before).statuses.servers.get("scene")).toMatchObject(numbers);
  });

  it("there is a fault for the log, until they agree", () => {
    const { fault, statuses } = judge(before);
    expect(fault).toBe(conditionIn(statuses.budget, "Feasible")?.message);
    vi.mocked(allocate).mockImplementation(correct);
    const again = judge(after(before, judge(before)));
    expect(again.fault).toBeUndefined();
    expect(conditionIn(again.statuses.budget, "Ready")?.status).toBe("True");
  });
});
