import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, expect, test, vi } from "vitest";

import { runProcess } from "../parts/processes.ts";
import { scratchDir } from "../parts/scratch.ts";
import { goBuild } from "./goBuild.ts";

const program = {
  name: "hello",
  module: "weir.local/hello",
  version: "v1.0.0",
  mainPackage: "weir.local/hello",
};

afterEach(() => {
  vi.unstubAllEnvs();
});

/** An empty cache, and a PATH with nothing but what the cache and a process need. */
async function bareMachine(): Promise<{ readonly bin: string }> {
  const dir = await scratchDir("go-build");
  const bin = join(dir, "bin");
  await mkdir(bin);
  for (const command of ["sh", "cat", "flock", "setpriv"]) {
    const path = await runProcess({ command: "sh", args: ["-c", `command -v ${command}`] });
    await symlink(path.trim(), join(bin, command));
  }
  vi.stubEnv("WEIR_CACHE_DIR", join(dir, "cache"));
  vi.stubEnv("PATH", bin);
  return { bin };
}

/** A `go` that runs a line of shell. */
async function installGo(bin: string, line: string): Promise<void> {
  await writeFile(join(bin, "go"), `#!/bin/sh\n${line}\n`);
  await chmod(join(bin, "go"), 0o755);
}

test("without Go, the error says what to install", async () => {
  await bareMachine();
  await expect(goBuild(program)).rejects.toThrow(
    /^hello v1\.0\.0 is built from source, which needs Go [\d.]+ or newer on PATH: install it from https:\/\/go\.dev\/dl\//,
  );
});

test("with a Go that is too old, the error says what to install, and what Go said", async () => {
  const { bin } = await bareMachine();
  await installGo(bin, 'echo "go.mod requires go >= 1.26.0 (running go 1.19.8)" >&2; exit 1');
  await expect(goBuild(program)).rejects.toThrow(/install it from .*running go 1\.19\.8/s);
});

test("a build that fails says what the compiler said, and caches nothing", async () => {
  const { bin } = await bareMachine();
  await installGo(bin, '[ "$3" = list ] || { echo "main.go:1: syntax error" >&2; exit 1; }');
  await expect(goBuild(program)).rejects.toThrow("main.go:1: syntax error");
  await expect(goBuild(program)).rejects.toThrow("main.go:1: syntax error");
});
