import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, expect, test, vi } from "vitest";

import { scratchDir } from "../processes/scratch.ts";
import { binary } from "./catalog.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("KUBEBUILDER_ASSETS says where the binaries are", async () => {
  const dir = await scratchDir("assets");
  await writeFile(join(dir, "etcd"), "", { mode: 0o755 });
  await writeFile(join(dir, "kubectl"), "", { mode: 0o755 });
  vi.stubEnv("KUBEBUILDER_ASSETS", dir);

  expect(await binary("etcd")).toBe(join(dir, "etcd"));
  expect(await binary("kubectl")).toBe(join(dir, "kubectl"));
});

test("a binary that is not there is reported, not built in silence", async () => {
  const dir = await scratchDir("assets");
  vi.stubEnv("KUBEBUILDER_ASSETS", dir);

  await expect(binary("kube-apiserver")).rejects.toThrow(
    `KUBEBUILDER_ASSETS is set, but ${join(dir, "kube-apiserver")} is no executable file`,
  );
});
