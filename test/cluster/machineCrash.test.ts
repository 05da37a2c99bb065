import { access, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { expect, test } from "vitest";

import { startProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { keepFromOthers } from "../../tools/cluster/machine/reservation.ts";
import { requireMachineParts } from "../../tools/cluster/machine/requirements.ts";
import { tracesOf } from "../../tools/cluster/machine/traces.ts";
import { REAL_CLUSTER_START_TIMEOUT_MS } from "../../tools/cluster/newCluster.ts";
import { logMeasured } from "../measured.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** What Kubernetes' programs write to, were they not kept from it. */
const HOST_FOLDERS = ["/var/lib/kubelet", "/var/lib/cni", "/run/containerd", "/run/netns"];

/** A test that starts a cluster, says so, and then hangs. */
function hangingTest(reportPath: string): string {
  const machine = join(ROOT, "tools/cluster/machine/machine.ts");
  return `
    import { writeFileSync } from "node:fs";
    import { test } from "vitest";
    import { startMachine } from ${JSON.stringify(machine)};

    test("hangs", { timeout: ${REAL_CLUSTER_START_TIMEOUT_MS} }, async () => {
      const { dir, name } = await startMachine();
      writeFileSync(
        ${JSON.stringify(reportPath)},
        JSON.stringify({ worker: process.pid, dir, name }) + "\\n",
      );
      await new Promise(() => {});
    });
  `;
}

test(
  "nothing is left of a cluster whose vitest worker was killed",
  { timeout: REAL_CLUSTER_START_TIMEOUT_MS },
  async () => {
    // What is installed now may make one of them.
    await requireMachineParts();
    const before = await present(HOST_FOLDERS);
    const scratch = await scratchDir("crash");
    const reportPath = join(scratch, "report.json");
    await writeFile(join(scratch, "hangs.test.ts"), hangingTest(reportPath));
    const vitest = await startProcess({
      command: process.execPath,
      args: [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--root", scratch],
    });
    const written = () => readFile(reportPath, "utf8").catch(() => "");
    await expect.poll(written, { timeout: REAL_CLUSTER_START_TIMEOUT_MS }).toContain("\n");
    const { worker, dir, name } = JSON.parse(await written());
    expect(worker).not.toBe(vitest.pid);
    const traces = await tracesOf({ dir, name });
    // Daemons name the folder, containers don't.
    expect(traces).toContainEqual(expect.stringMatching(/^process .*kubelet .*--config=/));
    expect(traces).toContainEqual(expect.stringMatching(/^process \/coredns /));
    expect(traces).toContain(dir);

    const kept = await keepFromOthers({ name });
    const killedMs = performance.now();
    process.kill(worker, "SIGKILL");

    await expect.poll(() => tracesOf({ dir, name }), { timeout: 300_000 }).toEqual([]);
    await kept.release();
    const elapsedMs = Math.round(performance.now() - killedMs);
    logMeasured(`all of a killed cluster is gone after ${elapsedMs} ms`);
    expect(await present(HOST_FOLDERS)).toEqual(before);
    await vitest.stop("SIGKILL");
  },
);

async function present(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    await access(path).then(
      () => found.push(path),
      () => {},
    );
  }
  return found;
}
