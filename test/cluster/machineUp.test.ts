import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

import { expect, test } from "vitest";

import { startProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { pathsOf } from "../../tools/cluster/machine/paths.ts";
import type { MachineSpec } from "../../tools/cluster/machine/spec.ts";
import { tracesOf } from "../../tools/cluster/machine/traces.ts";
import { processesThatName } from "./processList.ts";
import { REAL_CLUSTER_START_TIMEOUT_MS } from "../../tools/cluster/newCluster.ts";

test(
  "npm run cluster: where a daemon ends, it says which and why, and leaves nothing",
  { timeout: REAL_CLUSTER_START_TIMEOUT_MS },
  async () => {
    const up = await startProcess({
      command: process.execPath,
      args: ["tools/cluster/up.ts"],
      // On this computer also where docker runs.
      env: { DOCKER_HOST: `unix://${await scratchDir("nowhere")}/docker.sock` },
    });
    await up.untilLogged(/gone after Ctrl-C/);
    const [, kubeconfigPath = ""] = /export KUBECONFIG=(\S+)/.exec(up.log()) ?? [];
    const dir = dirname(kubeconfigPath);
    const { cgroup: name }: MachineSpec = JSON.parse(await readFile(pathsOf(dir).spec, "utf8"));
    const [scheduler, ...others] = (await processesThatName(dir)).filter(({ line }) =>
      /^\S+kube-scheduler /.test(line),
    );
    expect(others).toEqual([]);
    expect(await tracesOf({ dir, name })).toContain(dir);

    process.kill(scheduler?.pid ?? Number.NaN, "SIGABRT");

    expect(await up.closed).toEqual({ code: 1, signal: null });
    // Go's runtime writes down what it was doing, and exits by itself.
    const [, lines = ""] = up.log().split("has ended by itself: kube-scheduler ended with 2. ");
    expect(lines).toMatch(/^Its log ends with:\n(?:.*\n){20}$/);
    expect(await tracesOf({ dir, name })).toEqual([]);
  },
);
