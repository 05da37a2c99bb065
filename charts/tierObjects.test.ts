import type * as pods from "./pod.ts";
import { expect, it, vi } from "vitest";
import { incidentFleet } from "../test/fleets/fleetOf.ts";
import { plannedBudgets, planFleet } from "../src/budget/planFleet.ts";
import { patched } from "./pod.ts";
import { tierObjects } from "./tierObjects.ts";

// Charts with a fault: they write another number than the plan's.
vi.mock("./pod.ts", { spy: true });

it.each([
  ['"replicas":2', '"replicas":3', 3],
  ['"replicas":2', '"replicas":1', 1],
  ['"replicas":2,', "", 1],
])(
  "PgBouncer processes that charts write wrong are caught: %s becomes %s",
  async (from, to, written) => {
    const fleet = incidentFleet();
    const [planned] = plannedBudgets(fleet, planFleet(fleet));
    if (planned === undefined) throw new Error("the fleet has no budget");
    const { budget, plan } = planned;
    expect(JSON.stringify(tierObjects(budget, plan))).toContain(from);
    const { patched: real } = await vi.importActual<typeof pods>("./pod.ts");
    vi.mocked(patched).mockImplementation((manifest, fields) =>
      JSON.parse(JSON.stringify(real(manifest, fields)).replace(from, to)),
    );
    expect(() => tierObjects(budget, plan)).toThrow(
      `ConnectionBudget writing/writing: PgBouncer processes as they are written: ${written} written = ${written}, which must be 2 planned; this is a fault of weir`,
    );
    vi.mocked(patched).mockReset();
  },
);
