import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { scratchDir } from "../processes/scratch.ts";
import { imageTargetOf } from "./imageTarget.ts";
import { pathsOf } from "./machine/paths.ts";

/** A folder with a kubeconfig as kubectl reads it from HOME too, and whose cluster it is. */
async function homeOf(context: string): Promise<{ HOME: string; KUBECONFIG: string }> {
  const home = await scratchDir("home");
  await mkdir(join(home, ".kube"));
  const path = join(home, ".kube/config");
  const contexts = [{ name: context, context: { cluster: "its", user: "its" } }];
  const clusters = [{ name: "its", cluster: { server: "https://127.0.0.1:1" } }];
  const config = { apiVersion: "v1", kind: "Config", clusters, contexts, users: [] };
  await writeFile(path, JSON.stringify({ ...config, "current-context": context }));
  return { HOME: home, KUBECONFIG: path };
}

test("kind's takes images by the name in its context, whichever way kubectl is reported for it", async () => {
  const { HOME, KUBECONFIG } = await homeOf("kind-blue");
  expect(await imageTargetOf({ KUBECONFIG })).toEqual({ kind: "blue" });
  expect(await imageTargetOf({ HOME })).toEqual({ kind: "blue" });
  expect(await imageTargetOf({ HOME, KUBECONFIG: "" })).toEqual({ kind: "blue" });
});

test("that of npm run cluster takes them at its containerd, when KUBECONFIG names it", async () => {
  const { HOME, KUBECONFIG } = await homeOf("machine");
  const { containerdSocket } = pathsOf(join(HOME, ".kube"));
  await writeFile(containerdSocket, "");
  expect(await imageTargetOf({ KUBECONFIG })).toEqual({ containerdSocket });
});

test("any other takes none, also where a cluster of kind is there which nobody asked for", async () => {
  const { KUBECONFIG } = await homeOf("production");
  const { HOME } = await homeOf("kind-blue");
  expect(await imageTargetOf({ HOME, KUBECONFIG })).toBeUndefined();
});

test("where no kubeconfig is there, it is reported", async () => {
  const HOME = await scratchDir("home");
  await expect(imageTargetOf({ HOME })).rejects.toThrow("no cluster is configured");
  const KUBECONFIG = join(HOME, "config");
  await expect(imageTargetOf({ HOME, KUBECONFIG })).rejects.toThrow(
    `KUBECONFIG names no file that is there: ${KUBECONFIG}`,
  );
});
