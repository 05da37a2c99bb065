import type { TestProject } from "vitest/node";

import { prepare } from "./prepare.ts";

/** What vitest does before the first test: brings what the chosen files need, and nothing else. */
export default async function setup({ vitest, config }: TestProject): Promise<void> {
  await prepare(vitest.state.getPaths(), config.root);
}
