import type * as environments from "../render/environment.ts";
import { afterEach, expect, it, vi } from "vitest";
import { incidentFleet } from "../../test/fleets/fleetOf.ts";
import { SumError } from "../budget/assertSums.ts";
import { plannedBudgets, planFleet } from "../budget/planFleet.ts";
import { mostReplicas } from "../budget/sums.ts";
import { environment } from "../render/environment.ts";
import { composeFolder } from "./composeFolder.ts";

// An output with a fault: it writes another number than the plan's.
vi.mock("../budget/sums.ts", { spy: true });
vi.mock("../render/environment.ts", { spy: true });

afterEach(() => {
  vi.mocked(environment).mockReset();
  vi.mocked(mostReplicas).mockReset();
});

const FLEET = incidentFleet({
  autoscaling: { maxReplicas: 3 },
  pool: { processesPerPod: 2, max: 1 },
});
const PLANNED = plannedBudgets(FLEET, planFleet(FLEET));

function written(): string {
  return composeFolder(PLANNED, [], "1000:1000").composeYaml;
}

it("without a fault nothing is caught", () => {
  expect(written()).toContain('weir.dev/pods: "3"');
});

it("more containers than are planned for are caught", () => {
  vi.mocked(mostReplicas).mockReturnValue(4);
  expect(written).toThrow(SumError);
  expect(written).toThrow(
    "McpServer writing/author as it is written: 16 1 × 8 pods × 2 processes = 16, which must be at most 12 grant",
  );
});

it.each([
  ["one more", (limit: string) => `${Number(limit) + 1}`],
  ["none", () => ""],
  ["no number", () => "many"],
  ["unlimited", () => "0"],
  ["a negative number", () => "-5"],
  ["a number between spaces", () => " 1 "],
  ["a hexadecimal number", () => "0x1"],
])("%s as the limit in the environment is caught", async (_, change) => {
  const { environment: real } = await vi.importActual<typeof environments>(
    "../render/environment.ts",
  );
  vi.mocked(environment).mockImplementation((server, budget, plan) =>
    real(server, budget, plan).map((entry) =>
      entry.name === server.spec.pool.env.max
        ? { name: entry.name, value: change(entry.value ?? "") }
        : entry,
    ),
  );
  expect(written).toThrow(SumError);
});
