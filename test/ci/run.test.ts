import { readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

import type { CheckCommand, Course } from "../../tools/ci/course.ts";
import { type RunningProcess, startProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { inOneStream } from "./oneStream.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
const REPORTERS = ["default", join(ROOT, "test/tallyReporter.ts")];

const HOUR_MS = 3_600_000;
const CHECKS: readonly CheckCommand[] = [
  { name: "types", command: ["true"] },
  { name: "lint", command: ["true"] },
];

const PASSES = "test('passes', () => {});";
const FAILS = "test('fails', () => { throw new Error('wrong'); });";
/** It passes when it finds what it has written at its first run. */
const FLICKERS = `
  test('flickers', () => {
    if (existsSync('mark')) return;
    writeFileSync('mark', '');
    throw new Error('only once');
  });`;
const HANGS = `
  test('hangs', async () => {
    process.stderr.write('hangs now\\n');
    await new Promise(() => {});
  });`;

interface CiRun extends RunningProcess {
  readonly dir: string;
}

/** Runs CI on these test files, in a process of its own. */
async function run(
  files: Readonly<Record<string, string>>,
  { checks = CHECKS, limitMs = HOUR_MS, spentMs = 0 }: Partial<Course> = {},
): Promise<CiRun> {
  const dir = await scratchDir("ci");
  for (const [name, text] of Object.entries(files)) {
    const head = `import { existsSync, writeFileSync } from "node:fs";\nimport { test } from "vitest";\n`;
    await writeFile(join(dir, name), `${head}process.stderr.write("begun: ${name}\\n");\n${text}`);
  }
  const course: Course = {
    root: dir,
    test: [
      process.execPath,
      VITEST,
      "run",
      "--root",
      dir,
      "--testTimeout=0",
      ...REPORTERS.map((name) => `--reporter=${name}`),
    ],
    checks,
    limitMs,
    spentMs,
  };
  const script = `
    import { runCi } from ${JSON.stringify(join(ROOT, "tools/ci/course.ts"))};
    process.exitCode = await runCi(${JSON.stringify(course)});`;
  const running = await startProcess(
    inOneStream({
      command: process.execPath,
      args: ["--input-type=module", "--eval", script],
      // Where it keeps results while it runs.
      env: { TMPDIR: dir },
    }),
  );
  return { ...running, dir };
}

/** How often a test file was begun. */
function timesOf(file: string, log: string): number {
  return log.split("\n").filter((line) => line === `begun: ${file}`).length;
}

/** What it ends with, after what the tests and the checks wrote. */
function endOf(log: string): string {
  const [, end = log] = /\ncheck: lint\n+([^]*)$/.exec(log) ?? [];
  return end;
}

test("all green", async () => {
  const { closed, dir, log } = await run({ "a.test.js": PASSES, "b.test.js": PASSES });
  const { code } = await closed;
  expect(endOf(log())).toBe("4 passed, 0 failed\n");
  expect(await readdir(dir)).not.toContainEqual(expect.stringContaining("weir-ci-"));
  expect(code).toBe(0);
});

test("a file that fails once is run again, alone, and named", async () => {
  const { closed, log } = await run({ "a.test.js": PASSES, "b.test.js": FLICKERS + PASSES });
  const { code } = await closed;
  expect(timesOf("a.test.js", log())).toBe(1);
  expect(timesOf("b.test.js", log())).toBe(2);
  expect(log()).toContain("\nsecond run, alone: b.test.js\n");
  expect(endOf(log())).toBe(`passed at the second run:
  b.test.js
    flickers
      Error: only once

5 passed, 0 failed
`);
  expect(code).toBe(0);
});

test("a file that fails twice fails the run, and so does a check", async () => {
  const checks: readonly CheckCommand[] = [
    { name: "types", command: ["false"] },
    { name: "lint", command: ["true"] },
  ];
  const files = { "a.test.js": PASSES, "b.test.js": FAILS, "c.test.js": FLICKERS };
  const { closed, log } = await run(files, { checks });
  const { code } = await closed;
  expect(endOf(log())).toBe(`passed at the second run:
  c.test.js
    flickers
      Error: only once
failed:
  b.test.js (1 failed): npx vitest run b.test.js
    fails
      Error: wrong
    at its second run: fails
      Error: wrong
  check types (it ended with exit code 1): npm run check:types

3 passed, 2 failed
`);
  expect(code).toBe(1);
});

test("six files that fail are not run again", async () => {
  const names = ["a", "b", "c", "d", "e", "f"].map((name) => `${name}.test.js`);
  const { closed, log } = await run(Object.fromEntries(names.map((name) => [name, FAILS])));
  const { code } = await closed;
  expect(log()).not.toContain("second run, alone");
  for (const name of names) {
    expect(timesOf(name, log())).toBe(1);
    expect(endOf(log())).toContain(`\n  ${name} (1 failed): npx vitest run ${name}\n`);
  }
  expect(endOf(log())).toMatch(
    /\nno file was run a second time: 6 files failed, more than 5\n\n2 passed, 6 failed\n$/,
  );
  expect(code).toBe(1);
});

test("with less than three minutes left there is no second run", async () => {
  const files = { "a.test.js": PASSES, "b.test.js": FLICKERS };
  const { closed, log } = await run(files, { spentMs: HOUR_MS - 179_000 });
  const { code } = await closed;
  expect(timesOf("b.test.js", log())).toBe(1);
  expect(endOf(log())).toBe(`failed:
  b.test.js (1 failed): npx vitest run b.test.js
    flickers
      Error: only once
    it was not run a second time: less than 3 minutes of the time limit were left

3 passed, 1 failed
`);
  expect(code).toBe(1);
});

test("a hang is ended by the limit; the checks are run all the same", async () => {
  const { closed, log } = await run({ "a.test.js": PASSES + HANGS }, { limitMs: 10_000 });
  const { code } = await closed;
  expect(endOf(log())).toContain("it was not over within the time limit of 0.2 minutes\n");
  // On a slow computer the time is over before the tests are known, or have told that they passed.
  expect(endOf(log())).toMatch(/\n[23] passed, [12] failed\n$/);
  expect(code).toBe(1);
});

test("a run that is interrupted says what it knows", async () => {
  const { closed, log, signal, untilLogged } = await run({
    "a.test.js": PASSES + HANGS,
  });
  await untilLogged(/hangs now/);
  signal("SIGTERM");
  const { code } = await closed;
  const why = "it was interrupted by SIGTERM";
  expect(endOf(log())).toMatch(
    /^failed:\n {2}a\.test\.js \([12] failed\): npx vitest run a\.test\.js\n/,
  );
  expect(endOf(log())).toContain(`
  check types (${why}): npm run check:types
  check lint (${why}): npm run check:lint
no file was run a second time: ${why}
`);
  // That the first test passed may not have been told yet.
  expect(endOf(log())).toMatch(/\n(?:1 passed, 3|0 passed, 4) failed\n$/);
  expect(code).toBe(1);
});

test("where the run itself is killed, its tests do not go on", async () => {
  const { closed, log, signal, untilLogged } = await run({ "a.test.js": PASSES + HANGS });
  await untilLogged(/hangs now/);
  signal("SIGKILL");
  // Its output is closed when the last process that has it is gone.
  expect(await closed).toEqual({ code: null, signal: "SIGKILL" });
  expect(log()).toMatch(/\n(?:1 passed, 1|0 passed, 2) failed\n$/);
});
