import type { TestProject } from "vitest/node";

import { prepare } from "./prepare.ts";

/**
 * What vitest does before the first test: brings what the chosen files need, and nothing else. Who
 * watches chooses files later, and what these need is brought when they run.
 */
export default async function setup({ vitest, config }: TestProject): Promise<void> {
  if (!config.watch) await prepare(vitest.state.getPaths(), config.root);
}
