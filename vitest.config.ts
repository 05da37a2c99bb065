import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

import LongestFirst from "./test/longestFirst.ts";

export default defineConfig({
  test: {
    include: [
      "src/**/*.test.ts",
      "charts/**/*.test.ts",
      "pool/**/*.test.ts",
      "tools/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    globalSetup: "test/preparation/setup.ts",
    reporters: ["default", "./test/tallyReporter.ts"],
    sequence: { sequencer: LongestFirst },
    // Three at least: the end-to-end suite takes one all the time, and most other tests wait for
    // daemons most of the time.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // No test is about how long it takes: these only end one that hangs, on the busiest machine.
    testTimeout: 300_000,
    // Hooks start whole clusters; what these are made of is there (test/preparation).
    hookTimeout: 900_000,
    // What is awaited comes as quickly as the machine is free: a second, the default, is a guess.
    expect: { poll: { timeout: 120_000 } },
  },
});
