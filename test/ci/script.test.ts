import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

import { type RunningProcess, startProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { inOneStream } from "./oneStream.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Runs a copy of .ci/run where npm is this script. */
async function run(npm: string): Promise<RunningProcess> {
  const dir = await scratchDir("script");
  await mkdir(join(dir, ".ci"));
  await copyFile(join(ROOT, ".ci/run"), join(dir, ".ci/run"));
  await mkdir(join(dir, "bin"));
  await writeFile(join(dir, "bin/npm"), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
  const { PATH = "" } = process.env;
  const env = { PATH: `${join(dir, "bin")}:${PATH}` };
  return startProcess(inOneStream({ command: join(dir, ".ci/run"), args: [], env }));
}

test(".ci/run ends where nothing could be installed", async () => {
  const { closed, log } = await run('echo "npm $*"; exit 3');
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log()).toBe(`npm ci

failed:
  npm ci: it ended with exit code 3

0 passed, 1 failed
`);
});

test(".ci/run ends where there is no node to go on with", async () => {
  const { closed, log } = await run("true");
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log()).toMatch(
    /\n\nfailed:\n {2}node_modules\/\.bin\/node does not run\n\n0 passed, 1 failed\n$/,
  );
});

test(".ci/run hands over to the node of node_modules, with the limit and what of it is gone", async () => {
  const { closed, log } = await run(`
    mkdir -p node_modules/.bin
    printf '#!/bin/sh\\necho "node $*"\\ntest "$1" = --version || exit 7\\n' >node_modules/.bin/node
    chmod +x node_modules/.bin/node`);
  expect(await closed).toEqual({ code: 7, signal: null });
  expect(log()).toMatch(/^node --version\nnode tools\/ci\/run\.ts 5040 \d+\n$/);
});

test("tools/ci/run.ts ends with a tally also when it is misused", async () => {
  const { closed, log } = await startProcess(
    inOneStream({
      command: process.execPath,
      args: [join(ROOT, "tools/ci/run.ts")],
    }),
  );
  expect(await closed).toEqual({ code: 1, signal: null });
  expect(log()).toMatch(
    /\nfailed:\n {2}\.ci\/run: two numbers are needed\n\n0 passed, 1 failed\n$/,
  );
});
