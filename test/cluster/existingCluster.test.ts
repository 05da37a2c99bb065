import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

import { scratchDir } from "../../tools/processes/scratch.ts";
import { API_SERVER_START_TIMEOUT_MS, startApiServer, type ApiServer } from "./apiServer.ts";
import { startCluster } from "./cluster.ts";

/** The cluster that somebody else has: an API server of ours stands for it, with its controllers. */

// A namespace goes when all controllers have looked at it.
let theirs: ApiServer;

beforeAll(async () => {
  theirs = await startApiServer({ controllerManager: true });
  await theirs.kubectl(["create", "namespace", "theirs"]);
}, API_SERVER_START_TIMEOUT_MS);

afterAll(() => theirs.stop());

afterEach(() => {
  vi.unstubAllEnvs();
});

function useTheirs(): void {
  vi.stubEnv("USE_EXISTING_CLUSTER", "true");
  vi.stubEnv("KUBECONFIG", theirs.kubeconfigPath);
}

async function namesOf(kind: string): Promise<readonly string[]> {
  const { stdout } = await theirs.kubectl(["get", kind, "--output=name"]);
  return stdout.trim().split("\n");
}

test("it is worked on, and left as it was found", async () => {
  useTheirs();
  const before = await namesOf("namespace");
  const cluster = await startCluster();
  await cluster.claim("namespace", "ours");
  await cluster.claim("priorityclass", "ours");
  await cluster.kubectl(["create", "namespace", "ours"]);
  await cluster.kubectl(["create", "configmap", "notes", "--namespace=ours"]);
  expect(await namesOf("namespace")).toContain("namespace/ours");

  // Not all that was claimed was made.
  await cluster.stop();

  expect(await namesOf("namespace")).toEqual(before);
  expect(before).toContain("namespace/theirs");
});

test("what is there already is not touched", async () => {
  useTheirs();
  const cluster = await startCluster();
  await expect(cluster.claim("namespace", "theirs")).rejects.toThrow(
    /^namespace\/theirs is in the cluster already/,
  );

  await cluster.stop();

  expect(await namesOf("namespace")).toContain("namespace/theirs");
});

test("without a kubeconfig, or one that leads nowhere, it is reported what to set", async () => {
  vi.stubEnv("USE_EXISTING_CLUSTER", "true");
  vi.stubEnv("KUBECONFIG", "");
  await expect(startCluster()).rejects.toThrow("but KUBECONFIG names no kubeconfig: set it");
  const nowhere = `${await scratchDir("nowhere")}/kubeconfig`;
  vi.stubEnv("KUBECONFIG", nowhere);
  await expect(startCluster()).rejects.toThrow(`${nowhere} does not lead to it: `);
});

test(
  "without the variable, a cluster of the test's own is started",
  async () => {
    vi.stubEnv("KUBECONFIG", theirs.kubeconfigPath);
    vi.stubEnv("USE_EXISTING_CLUSTER", "false");
    const cluster = await startCluster();
    const shown = await cluster.kubectl(["get", "namespace", "theirs"]);
    await cluster.stop();
    expect(shown.stderr).toContain('namespaces "theirs" not found');
  },
  API_SERVER_START_TIMEOUT_MS,
);
