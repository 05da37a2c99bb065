import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "charts/**/*.test.ts", "pool/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", "./test/tallyReporter.ts"],
    // Two at least: most tests wait for daemons most of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // For what hangs: how long anything else takes, the machine and its other work decide.
    testTimeout: 300_000,
    // The first run builds or unpacks real parts; later ones find them in the cache.
    hookTimeout: 1_800_000,
    // What is awaited comes as quickly as the machine is free: a second, the default, is a guess.
    expect: { poll: { timeout: 30_000 } },
  },
});
