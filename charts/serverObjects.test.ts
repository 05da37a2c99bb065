import { afterEach, describe, expect, it, vi } from "vitest";
import { incidentFleet } from "../test/fleets/fleetOf.ts";
import { SumError } from "../src/budget/assertSums.ts";
import { plannedBudgets } from "../src/budget/planned.ts";
import { planFleet } from "../src/budget/planFleet.ts";
import type * as environments from "../src/render/environment.ts";
import { environment } from "../src/render/environment.ts";
import type { Manifest } from "../src/render/manifest.ts";
import type * as pods from "./pod.ts";
import { patched } from "./pod.ts";
import { serverObjects } from "./serverObjects.ts";

// Charts with a fault: they write another number than the plan's.
vi.mock("../src/render/environment.ts", { spy: true });
vi.mock("./pod.ts", { spy: true });

afterEach(() => {
  vi.mocked(environment).mockReset();
  vi.mocked(patched).mockReset();
});

/** The objects of one of ten servers with two pods each, which an autoscaler may make three. */
function written(rollout: "RollingUpdate" | "Recreate"): readonly Manifest[] {
  const fleet = incidentFleet({
    replicas: 2,
    rollout: { type: rollout },
    pool: { guaranteed: 1, max: 2, processesPerPod: 2 },
    ...(rollout === "Recreate" && { autoscaling: { maxReplicas: 3 } }),
  });
  const [planned] = plannedBudgets(fleet, planFleet(fleet));
  const [each] = planned?.servers ?? [];
  if (planned === undefined || each === undefined) throw new Error("the fleet has no server");
  return serverObjects(each.server, planned.budget, each.plan);
}

/** Has charts write another text in the place of one in the JSON of each manifest. */
async function mutate(from: string, to: string): Promise<void> {
  const { patched: real } = await vi.importActual<typeof pods>("./pod.ts");
  vi.mocked(patched).mockImplementation((manifest, fields) =>
    JSON.parse(JSON.stringify(real(manifest, fields)).replace(from, to)),
  );
}

it("without a fault nothing is caught", () => {
  expect(written("RollingUpdate").map(({ kind }) => kind)).toContain("Deployment");
  expect(written("Recreate").map(({ kind }) => kind)).toContain("HorizontalPodAutoscaler");
});

describe("a number of a server that charts write wrong is caught", () => {
  it.each([
    ["RollingUpdate", '"replicas":2', '"replicas":3'],
    ["RollingUpdate", '"weir.dev/pool-limit":"2"', '"weir.dev/pool-limit":"3"'],
    ["RollingUpdate", '"weir.dev/pool-limit":"2"', '"weir.dev/limit":"2"'],
    ["RollingUpdate", '"name":"DB_POOL_MAX_PER_SERVER"', '"name":"DB_POOL"'],
    ["Recreate", '"type":"Recreate"', '"type":"RollingUpdate"'],
    ["Recreate", '"strategy":{"type":"Recreate"}', '"strategy":{}'],
    ["Recreate", '"maxReplicas":3', '"maxReplicas":4'],
  ] as const)("%s: %s becomes %s", async (rollout, from, to) => {
    const right = JSON.stringify(written(rollout));
    expect(right).toContain(from);
    await mutate(from, to);
    expect(() => written(rollout)).toThrow(SumError);
    expect(() => written(rollout)).toThrow(/^McpServer writing\/author as it is written: /);
  });

  it("a limit in the environment that is one too large", async () => {
    const { environment: real } = await vi.importActual<typeof environments>(
      "../src/render/environment.ts",
    );
    vi.mocked(environment).mockImplementation((server, budget, plan) =>
      real(server, budget, { ...plan, limit: plan.limit + 1 }),
    );
    expect(() => written("RollingUpdate")).toThrow(
      "McpServer writing/author as it is written: 24 3 × 4 pods × 2 processes = 24, which must be at most 16 grant",
    );
  });
});
