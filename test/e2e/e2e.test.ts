import { afterAll, beforeAll, expect, test } from "vitest";

import { ON_NEED, SCALED, SHARED, TEN } from "./fleets.ts";
import { type E2eEnvironment, startEnvironment } from "./environment.ts";
import { runScenario, stepsOf } from "./scenario.ts";

/**
 * Ten real MCP servers in a real cluster, as docs/quickstart.md has them run. Things happen to them under
 * load, and the sums hold.
 */

/** Only ends one that hangs: on a fast machine a scenario takes 4 minutes. */
const SCENARIO_TIMEOUT_MS = 60 * 60_000;

let environment: E2eEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
}, SCENARIO_TIMEOUT_MS);

afterAll(() => environment?.stop());

// One after another: four at a time put up to 70 runnable processes on two cores.
test.for([TEN, SHARED, ON_NEED, SCALED])(
  "$namespace",
  { timeout: SCENARIO_TIMEOUT_MS },
  async (fleet) => {
    expect(await runScenario(environment, fleet)).toEqual(stepsOf(fleet));
  },
);
