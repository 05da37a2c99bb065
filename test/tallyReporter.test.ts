import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { expect, test } from "vitest";

import { startProcess, type RunningProcess } from "./parts/processes.ts";
import { scratchDir } from "./parts/scratch.ts";

const VITEST = resolve(import.meta.dirname, "../node_modules/vitest/vitest.mjs");
const REPORTER = join(import.meta.dirname, "tallyReporter.ts");

/** Runs these test files, one at a time and in this order. */
async function run(files: Readonly<Record<string, string>>): Promise<RunningProcess> {
  const dir = await scratchDir("tally");
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(dir, name), `import { test } from "vitest";\n${text}`);
  }
  const config = `
    class ByName {
      sort = (files) => files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
    }
    export default { test: { fileParallelism: false, sequence: { sequencer: ByName } } };`;
  await writeFile(join(dir, "vitest.config.mjs"), config);
  const reporters = ["--reporter=default", `--reporter=${REPORTER}`];
  return startProcess({
    command: process.execPath,
    args: [VITEST, "run", "--root", dir, ...reporters],
  });
}

test("what did not run counts as failed", async () => {
  const { closed, log } = await run({
    "a.test.js": "test('passes', () => {});\ntest.skip('is left out', () => {});",
    "b.test.js": "throw new Error('not loaded');",
  });
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log()).toMatch(/\n1 passed, 2 failed\n$/);
});

test("all of them", async () => {
  const { closed, log } = await run({ "a.test.js": "test('passes', () => {});" });
  expect(await closed).toEqual({ code: 0, signal: null });
  expect(log()).toMatch(/\n1 passed, 0 failed\n$/);
});

test("of a run that is interrupted: what passed, and as failed what was not over or not begun", async () => {
  const { closed, log, signal, untilLogged } = await run({
    "a.test.js": "test('passes', () => {});\ntest('fails', () => { throw new Error('wrong'); });",
    "b.test.js": `
      test('hangs', async () => {
        process.stderr.write('hangs now\\n');
        await new Promise(() => {});
      });
      test('waits', () => {});`,
    "c.test.js": "test('is not begun', () => {});\ntest('nor this', () => {});",
  });
  await untilLogged(/hangs now/);
  signal("SIGINT");
  signal("SIGINT");
  expect(await closed).toEqual({ code: 1, signal: null });
  // Of the last file nobody knows what is in it.
  expect(log()).toMatch(/\n1 passed, 4 failed\n$/);
});
