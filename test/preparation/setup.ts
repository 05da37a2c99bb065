import type { TestProject } from "vitest/node";

import { prepare } from "./prepare.ts";

/**
 * What vitest does before the first test: brings what the chosen files need, and nothing else. In
 * watch mode files are chosen later: there a test makes what it misses while it runs.
 */
export default async function setup({ vitest, config }: TestProject): Promise<void> {
  if (!config.watch) await prepare(vitest.state.getPaths(), config.root);
}
