import type * as environments from "../src/render/environment.ts";
import type * as pods from "./pod.ts";
import { afterEach, describe, expect, it, vi } from "vitest";
import { incidentFleet } from "../test/fleets/fleetOf.ts";
import { SumError } from "../src/budget/assertSums.ts";
import { plannedBudgets, planFleet } from "../src/budget/planFleet.ts";
import { environment } from "../src/render/environment.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { patched } from "./pod.ts";
import { serverObjects } from "./serverObjects.ts";

// Charts with a fault: they write another number than the plan's.
vi.mock("../src/render/environment.ts", { spy: true });
vi.mock("./pod.ts", { spy: true });

afterEach(() => {
  vi.mocked(environment).mockReset();
  vi.mocked(patched).mockReset();
});

const SPECS = {
  RollingUpdate: { rollout: { type: "RollingUpdate" } },
  Recreate: { rollout: { type: "Recreate" }, autoscaling: { maxReplicas: 3 } },
  OnDemand: { activation: "OnDemand" },
} as const;

/**
 * The objects of one of ten servers with two pods each: with Recreate an autoscaler may make three,
 * and with OnDemand there are none until the server is woken.
 */
function written(spec: keyof typeof SPECS): readonly Manifest[] {
  const fleet = incidentFleet({
    replicas: 2,
    pool: { guaranteed: 1, max: 2, processesPerPod: 2 },
    ...SPECS[spec],
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
  expect(JSON.stringify(written("OnDemand"))).toContain('"replicas":0');
});

describe("a number of a server that charts write wrong is caught", () => {
  it.each([
    ["RollingUpdate", '"replicas":2', '"replicas":3'],
    ["RollingUpdate", '"weir.dev/pool-limit":"2"', '"weir.dev/pool-limit":"3"'],
    ["RollingUpdate", '"weir.dev/pool-limit":"2"', '"weir.dev/limit":"2"'],
    ...["0", "-5", " 1 ", "0x1", "1.0", "1e0"].map(
      (limit) =>
        ["RollingUpdate", '"weir.dev/pool-limit":"2"', `"weir.dev/pool-limit":"${limit}"`] as const,
    ),
    ["RollingUpdate", '"name":"DB_POOL_MAX_PER_SERVER"', '"name":"DB_POOL"'],
    ["Recreate", '"type":"Recreate"', '"type":"RollingUpdate"'],
    ["Recreate", '"strategy":{"type":"Recreate"}', '"strategy":{}'],
    ["Recreate", '"maxReplicas":3', '"maxReplicas":4'],
    ["OnDemand", '"replicas":0', '"replicas":3'],
    ["OnDemand", '"weir.dev/pool-limit":"2"', '"weir.dev/pool-limit":"3"'],
  ] as const)("%s: %s becomes %s", async (spec, from, to) => {
    const right = JSON.stringify(written(spec));
    expect(right).toContain(from);
    await mutate(from, to);
    expect(() => written(spec)).toThrow(SumError);
    expect(() => written(spec)).toThrow(/^McpServer writing\/author as it is written: /);
  });

  it.each(["RollingUpdate", "OnDemand"] as const)(
    "%s: a limit in the environment that is one too large",
    async (spec) => {
      const { environment: real } = await vi.importActual<typeof environments>(
        "../src/render/environment.ts",
      );
      vi.mocked(environment).mockImplementation((server, budget, plan) =>
        real(server, budget, { ...plan, limit: plan.limit + 1 }),
      );
      expect(() => written(spec)).toThrow(
        "McpServer writing/author as it is written: 24 3 × 4 pods × 2 processes = 24, which must be at most 16 grant",
      );
    },
  );
});
