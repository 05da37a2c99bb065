import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { expect, test } from "vitest";

import { startProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { API_SERVER_START_TIMEOUT_MS } from "./apiServer.ts";
import { processesThatName } from "./processList.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** A test that starts an API server with all there is, says so, and then hangs. */
function hangingTest(reportPath: string): string {
  return `
    import { writeFileSync } from "node:fs";
    import { test } from "vitest";
    import { startApiServer } from ${JSON.stringify(join(import.meta.dirname, "apiServer.ts"))};

    test("hangs", { timeout: 600_000 }, async () => {
      const { kubeconfigPath } = await startApiServer({ controllerManager: true });
      writeFileSync(
        ${JSON.stringify(reportPath)},
        JSON.stringify({ worker: process.pid, kubeconfigPath }) + "\\n",
      );
      await new Promise(() => {});
    });
  `;
}

test(
  "nothing is left of an API server whose vitest worker was killed",
  { timeout: API_SERVER_START_TIMEOUT_MS },
  async () => {
    const dir = await scratchDir("crash");
    const reportPath = join(dir, "report.json");
    await writeFile(join(dir, "hangs.test.ts"), hangingTest(reportPath));
    const vitest = await startProcess({
      command: process.execPath,
      args: [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--root", dir],
    });
    const written = () => readFile(reportPath, "utf8").catch(() => "");
    await expect.poll(written, { timeout: API_SERVER_START_TIMEOUT_MS }).toContain("\n");
    const { worker, kubeconfigPath } = JSON.parse(await written());
    const serverDir = dirname(kubeconfigPath);
    expect(worker).not.toBe(vitest.pid);
    expect(await processesThatName(serverDir)).toHaveLength(3);

    process.kill(worker, "SIGKILL");

    await expect.poll(() => processesThatName(serverDir)).toEqual([]);
    await expect.poll(() => isThere(serverDir)).toBe(false);
    await vitest.stop("SIGKILL");
  },
);

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
