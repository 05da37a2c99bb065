import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { expect, test } from "vitest";

import { parseResults, type Results } from "../tools/ci/results.ts";
import { inOneStream } from "./ci/oneStream.ts";
import { startProcess, type RunningProcess } from "../tools/processes/processes.ts";
import { scratchDir } from "../tools/processes/scratch.ts";

const VITEST = resolve(import.meta.dirname, "../node_modules/vitest/vitest.mjs");
const REPORTER = join(import.meta.dirname, "tallyReporter.ts");

interface ReporterRun extends RunningProcess {
  /** What it has written to the file that WEIR_TEST_RESULTS names. */
  readonly results: () => Promise<Results | undefined>;
}

interface ReporterOptions {
  /** A module. */
  readonly globalSetup?: string;
  readonly resultsFile?: string;
}

/** Runs these test files, one at a time and in this order. */
async function run(
  files: Readonly<Record<string, string>>,
  { globalSetup, resultsFile = "results.json" }: ReporterOptions = {},
): Promise<ReporterRun> {
  const dir = await scratchDir("tally");
  for (const [name, text] of Object.entries(files)) {
    await writeFile(
      join(dir, name),
      `import { afterAll, beforeAll, describe, test } from "vitest";\n${text}`,
    );
  }
  const config = `
    class ByName {
      sort = (files) => files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
    }
    const sequence = { sequencer: ByName };
    const globalSetup = ${JSON.stringify(globalSetup === undefined ? [] : ["setup.mjs"])};
    const timeouts = { testTimeout: 0, hookTimeout: 0 };
    export default { test: { globalSetup, fileParallelism: false, sequence, ...timeouts } };`;
  await writeFile(join(dir, "setup.mjs"), globalSetup ?? "");
  await writeFile(join(dir, "vitest.config.mjs"), config);
  // It comes after the tally, which so knows of a test what this one says.
  const news = `export default class {
    onTestCaseReady = ({ name }) => process.stderr.write(\`begun: \${name}\\n\`);
    onTestCaseResult = ({ name }) => process.stderr.write(\`over: \${name}\\n\`);
  }`;
  await writeFile(join(dir, "news.mjs"), news);
  const reporters = ["default", REPORTER, join(dir, "news.mjs")];
  const running = await startProcess(
    inOneStream({
      command: process.execPath,
      args: [VITEST, "run", "--root", dir, ...reporters.map((name) => `--reporter=${name}`)],
      env: { WEIR_TEST_RESULTS: join(dir, resultsFile) },
    }),
  );
  const results = async () => parseResults(await readFile(join(dir, resultsFile), "utf8"));
  return { ...running, results };
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

test("what failed comes last, by file and test, with its error and how to run it", async () => {
  const { closed, log, results } = await run({
    "a.test.js": `\ntest.skip('is left out', () => {});
      describe('a suite', () => {
        afterAll(() => { throw new Error('not tidied up'); });
        test('fails', () => { throw new Error('wrong\\nand more'); });
        test('passes', () => {});
      });`,
    "b.test.js": "beforeAll(() => { throw new Error('no ground'); });\ntest('stands', () => {});",
    "c.test.js": "test('passes', () => {});",
    "d.test.js": "throw new Error('not loaded');",
    "e.test.js": "",
    "f.test.js": `test('passes', async () => {
      Promise.reject(new Error('nobody listens'));
      await new Promise((resolve) => setTimeout(resolve));
    });`,
  });
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log().slice(log().indexOf("\nfailed:\n"))).toBe(`
failed:
  a.test.js (3 failed): npx vitest run a.test.js
    a suite (around the tests)
      Error: not tidied up
    a suite > fails
      Error: wrong
      and more
    is left out
      it was skipped, and nothing may be
  b.test.js (2 failed): npx vitest run b.test.js
    (around the tests)
      Error: no ground
    stands
      it was skipped, and nothing may be
  d.test.js (1 failed): npx vitest run d.test.js
    (around the tests)
      Error: not loaded
  e.test.js (1 failed): npx vitest run e.test.js
    (around the tests)
      Error: No test suite found in file ${String(/\S+\/e\.test\.js/.exec(log()))}
  f.test.js (1 failed): npx vitest run f.test.js
    (outside of any test)
      Error: nobody listens

3 passed, 8 failed
`);
  const told = await results();
  expect(told).toMatchObject({ errorsBeside: [], isInterrupted: false });
  expect(told?.files.map(({ path, passed, failed }) => [path, passed, failed])).toEqual([
    ["a.test.js", 1, 3],
    ["b.test.js", 0, 2],
    ["c.test.js", 1, 0],
    ["d.test.js", 0, 1],
    ["e.test.js", 0, 1],
    ["f.test.js", 1, 1],
  ]);
  expect(told?.files[5]?.failures).toEqual([
    { test: "(outside of any test)", error: "Error: nobody listens" },
  ]);
});

test("an error that belongs to no file, and what it left undone", async () => {
  const { closed, log, results } = await run({
    "a.test.js": "test('passes', () => {});",
    "b.test.js": "test('ends its process', () => process.kill(process.pid, 'SIGKILL'));",
    "c.test.js": "test('fails', () => { throw new Error('wrong'); });",
  });
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log()).toMatch(/\n1 passed, 3 failed\n$/);
  expect(log()).toMatch(/\n {2}c\.test\.js \(1 failed\): [^]*\n {2}b\.test\.js \(1 failed\): /);
  // By its exit, or by what could not be sent to it any more.
  const errorsBeside = [expect.stringContaining("Worker forks emitted error.\ncaused by: Error: ")];
  const told = await results();
  expect(told).toMatchObject({ errorsBeside, isInterrupted: false });
  // What failed by itself comes first.
  expect(told?.files.map(({ path }) => path)).toEqual(["a.test.js", "c.test.js", "b.test.js"]);
});

test("a global setup that fails: no file was begun, and the tally is still the last line", async () => {
  const { closed, log, results } = await run(
    { "a.test.js": "test('passes', () => {});" },
    { globalSetup: "export default () => { throw new Error('no ground'); };" },
  );
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log()).toMatch(/Error.*: no ground[^]*\nfailed:\n {2}outside of the test files\n/);
  expect(log()).toMatch(/\n0 passed, 2 failed\n$/);
  expect(await results()).toMatchObject({
    files: [{ path: "a.test.js", passed: 0, failed: 1 }],
    errorsBeside: ["no test file was begun: none was found, or the global setup failed"],
  });
});

test("a run that a test starts does not write over the results", async () => {
  const { closed, log } = await run({
    "a.test.js": `test('knows of no results', () => {
      if ('WEIR_TEST_RESULTS' in process.env) throw new Error('knows');
    });`,
  });
  expect(await closed).toEqual({ code: 0, signal: null });
  expect(log()).toMatch(/\n1 passed, 0 failed\n$/);
});

test("results that can't be written: it says so and fails", async () => {
  const { closed, log } = await run(
    { "a.test.js": "test('passes', () => {});" },
    { resultsFile: "no/such/folder" },
  );
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log()).toMatch(/\nWEIR_TEST_RESULTS: .*ENOENT.*no\/such\/folder/);
  expect(log()).toMatch(/\n1 passed, 0 failed\n$/);
});

test("of a run that is interrupted: what passed, and as failed what was not over or not begun", async () => {
  const { closed, log, results, signal, untilLogged } = await run({
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
  await untilLogged(/begun: hangs/);
  signal("SIGINT");
  signal("SIGINT");
  expect(await closed).toEqual({ code: 1, signal: null });
  // Of the last file nobody knows what is in it.
  expect(log().slice(log().indexOf("\nfailed:\n"))).toBe(`
failed:
  a.test.js (1 failed): npx vitest run a.test.js
    fails
      Error: wrong
  b.test.js (2 failed): npx vitest run b.test.js
    hangs
      it was not over when the run ended
    waits
      no word of it came before the run ended
  c.test.js (1 failed): npx vitest run c.test.js
    (around the tests)
      no word of it came before the run ended

1 passed, 4 failed
`);
  const told = await results();
  expect(told).toMatchObject({ errorsBeside: [], isInterrupted: true });
  expect(told?.files.map(({ path, passed, failed }) => [path, passed, failed])).toEqual([
    ["a.test.js", 1, 1],
    ["b.test.js", 0, 2],
    ["c.test.js", 0, 1],
  ]);
});

test("a file that is interrupted after its last test is not over", async () => {
  const { closed, log, signal, untilLogged } = await run({
    "a.test.js": `
      afterAll(async () => {
        process.stderr.write('hangs now\\n');
        await new Promise(() => {});
      });
      test('passes', () => {});`,
  });
  await untilLogged(/hangs now/);
  await untilLogged(/over: passes/);
  signal("SIGINT");
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log().slice(log().indexOf("\nfailed:\n"))).toBe(`
failed:
  a.test.js (1 failed): npx vitest run a.test.js
    (around the tests)
      it was not over when the run ended

1 passed, 1 failed
`);
});

test("a run that ends by itself before it is over says what it knows", async () => {
  const { closed, log, results } = await run(
    { "a.test.js": "test('passes', () => {});" },
    { globalSetup: "export default () => process.exit(0);" },
  );
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log()).toMatch(/\n0 passed, 1 failed\n$/);
  expect(await results()).toMatchObject({ isInterrupted: true });
});
