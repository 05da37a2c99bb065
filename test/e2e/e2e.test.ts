import { afterAll, beforeAll, expect, test } from "vitest";

import { ON_NEED, SCALED, SHARED, TEN } from "./fleets.ts";
import { type Ground, startGround } from "./ground.ts";
import { stepsOf, tell } from "./story.ts";

/**
 * Ten real MCP servers in a real cluster, as docs/quickstart.md has them run. Things happen to them under
 * load, and the sums hold.
 */

/** Only ends one that hangs: on a fast machine a story takes 4 minutes. */
const STORY_TIMEOUT_MS = 60 * 60_000;

let ground: Ground;

beforeAll(async () => {
  ground = await startGround();
}, STORY_TIMEOUT_MS);

afterAll(() => ground?.stop());

// One after another: four at a time put up to 70 runnable processes on two cores.
test.for([TEN, SHARED, ON_NEED, SCALED])(
  "$namespace",
  { timeout: STORY_TIMEOUT_MS },
  async (fleet) => {
    expect(await tell(ground, fleet)).toEqual(stepsOf(fleet));
  },
);
