import { afterEach, expect, test, vi } from "vitest";

import { startProcess } from "../../tools/processes/processes.ts";
import { podProgramImage } from "../../tools/cluster/machine/images.ts";
import { REAL_CLUSTER_START_TIMEOUT_MS } from "../../tools/cluster/newCluster.ts";
import { startRealCluster } from "./realCluster.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test(
  "npm run cluster: one that tests can use, until Ctrl-C",
  { timeout: REAL_CLUSTER_START_TIMEOUT_MS },
  async () => {
    vi.stubEnv("USE_EXISTING_CLUSTER", "");
    const up = await startProcess({
      command: process.execPath,
      args: ["tools/cluster/up.ts"],
    });
    await up.untilLogged(/gone after Ctrl-C/);
    for (const [, name = "", value = ""] of up.log().matchAll(/export (\w+)=(\S+)/g)) {
      vi.stubEnv(name, value);
    }

    const cluster = await startRealCluster();
    await cluster.claim("namespace", "weir-up");
    await cluster.kubectl(["create", "namespace", "weir-up"]);
    await cluster.loadImage((await podProgramImage()).archivePath);
    await cluster.stop();
    expect((await cluster.kubectl(["get", "namespace", "weir-up"])).stderr).toContain("not found");

    expect(await up.stop("SIGINT")).toEqual({ code: 0, signal: null });
    expect((await cluster.kubectl(["get", "namespaces"])).code).not.toBe(0);
  },
);
