import type * as files from "../render/pgbouncerFiles.ts";
import { expect, it, vi } from "vitest";
import { incidentFleet } from "../../test/fleets/fleetOf.ts";
import { plannedBudgets, planFleet } from "../budget/planFleet.ts";
import { processesOf } from "../render/pgbouncerFiles.ts";
import { composeFolder } from "./composeFolder.ts";

// An output with a fault: it makes another number of services than the plan's.
vi.mock("../render/pgbouncerFiles.ts", { spy: true });

it.each([
  ["more", 3],
  ["fewer", 1],
])("%s PgBouncer processes than are planned are caught", async (_, written) => {
  const fleet = incidentFleet();
  const planned = plannedBudgets(fleet, planFleet(fleet));
  const compose = () => composeFolder(planned, [], "1000:1000");
  expect(compose).not.toThrow();
  const { processesOf: real } = await vi.importActual<typeof files>("../render/pgbouncerFiles.ts");
  vi.mocked(processesOf).mockImplementation((budget) => {
    const processes = real(budget);
    return [...processes, ...processes].slice(0, written);
  });
  expect(compose).toThrow(
    `ConnectionBudget writing/writing: PgBouncer processes as they are written: ${written} written = ${written}, which must be 2 planned; this is a fault of weir`,
  );
  vi.mocked(processesOf).mockReset();
});
