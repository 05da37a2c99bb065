import { stat } from "node:fs/promises";
import { dirname } from "node:path";

import { afterEach, expect, test } from "vitest";

import {
  API_SERVER_START_TIMEOUT_MS,
  type ApiServer,
  type ApiServerOptions,
  startApiServer,
} from "./apiServer.ts";
import { processesThatName } from "./processList.ts";

let server: ApiServer | undefined;

async function start(options: ApiServerOptions): Promise<ApiServer> {
  server = await startApiServer(options);
  return server;
}

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

test(
  "an API server takes objects from kubectl, and nothing of it is left afterwards",
  { timeout: API_SERVER_START_TIMEOUT_MS },
  async () => {
    const { kubectl, kubeconfigPath, stop } = await start({});
    const dir = dirname(kubeconfigPath);

    expect(await kubectl(["create", "namespace", "writers"])).toEqual({
      code: 0,
      stdout: "namespace/writers created\n",
      stderr: "",
    });
    const version = await kubectl(["version"]);
    expect(version.stdout).toMatch(/^Server Version: v1\.\d+\.\d+$/m);
    const missing = await kubectl(["get", "namespace", "readers"]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('namespaces "readers" not found');
    expect(await processesThatName(dir)).toHaveLength(2);

    await stop();

    await expect(stat(dir)).rejects.toThrow("ENOENT");
    expect(await processesThatName(dir)).toEqual([]);
  },
);

test(
  "PodSecurity warns of a Deployment whose pods it would refuse",
  { timeout: API_SERVER_START_TIMEOUT_MS },
  async () => {
    const { kubectl } = await start({});
    await kubectl(["create", "namespace", "writers"]);
    const level = "pod-security.kubernetes.io/enforce=restricted";
    await kubectl(["label", "namespace", "writers", level]);

    const applied = await kubectl(["apply", "-n", "writers", "-f", "-"], deployment("notes"));

    expect(applied.code).toBe(0);
    expect(applied.stderr).toContain('Warning: would violate PodSecurity "restricted');
  },
);

test(
  "with a controller manager, a Deployment gets its pod",
  { timeout: API_SERVER_START_TIMEOUT_MS },
  async () => {
    const { kubectl } = await start({ controllerManager: true });
    await kubectl(["apply", "-f", "-"], deployment("notes"));

    const waited = await kubectl([
      "wait",
      "--for=create",
      "--timeout=300s",
      "pod",
      "-l",
      "app=notes",
    ]);

    expect(waited).toMatchObject({ code: 0, stderr: "" });
    expect(waited.stdout).toMatch(/^pod\/notes-/);
  },
);

function deployment(name: string): string {
  const labels = { app: name };
  return JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "server", image: "weir.local/notes" }] },
      },
    },
  });
}
