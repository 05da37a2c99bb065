// Started by .ci/run, as: node tools/ci/run.ts LIMIT SPENT
//
// Both in seconds: how long the tests may take, and what of it is gone already.
import { resolve } from "node:path";

import { runCi } from "./course.ts";
import { tallyLine } from "./results.ts";

const CHECKS = ["types", "lint", "format", "manifests"];

try {
  const [limitMs = NaN, spentMs = NaN] = process.argv.slice(2).map((text) => Number(text) * 1000);
  if (Number.isNaN(limitMs) || Number.isNaN(spentMs)) throw new Error("two numbers are needed");
  process.exitCode = await runCi({
    root: resolve(import.meta.dirname, "../.."),
    test: ["npm", "test", "--"],
    checks: CHECKS.map((name) => ({
      name,
      command: ["npm", "run", "--silent", `check:${name}`],
    })),
    limitMs,
    spentMs,
  });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`\nfailed:\n  .ci/run: ${message}\n\n`);
  process.stdout.write(`${tallyLine({ passed: 0, failed: 1 })}\n`);
  process.exitCode = 1;
}
