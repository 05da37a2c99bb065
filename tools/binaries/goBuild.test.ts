import { access, chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { afterEach, expect, test, vi } from "vitest";

import { runProcess } from "../processes/processes.ts";
import { scratchDir } from "../processes/scratch.ts";
import { goBuild } from "./goBuild.ts";

const MODULE = { requires: { "weir.local/hello": "v1.0.0" }, replaces: {}, variables: {} };
const HELLO = { name: "hello", version: "v1.0.0", mainPackage: "weir.local/hello" };
/** Go calls it by the last part of its path that is no major version. */
const SERVER = { name: "etcd", version: "v3.1.0", mainPackage: "weir.local/server/v3" };
const OWN = { name: "own", version: "v1", mainPackage: { source: "package main" } };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** An empty cache, and a PATH with nothing but what the cache and a process need. */
async function bareMachine(): Promise<{ readonly bin: string }> {
  const dir = await scratchDir("go-build");
  const bin = join(dir, "bin");
  await mkdir(bin);
  for (const command of ["sh", "cat", "flock", "setpriv", "mkdir", "touch"]) {
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
  await expect(goBuild(MODULE, [HELLO])).rejects.toThrow(
    /^Go [\d.]+ or newer must be on PATH, to build hello: install it from https:\/\/go\.dev\/dl\//,
  );
});

test("with a Go that is too old, the error says what to install, and what Go said", async () => {
  const { bin } = await bareMachine();
  await installGo(bin, 'echo "go.mod requires go >= 1.26.0 (running go 1.19.8)" >&2; exit 1');
  await expect(goBuild(MODULE, [HELLO])).rejects.toThrow(/install it from .*running go 1\.19\.8/s);
});

test("a build that fails says what the compiler said, and caches nothing", async () => {
  const { bin } = await bareMachine();
  await installGo(bin, '[ "$3" = list ] || { echo "main.go:1: syntax error" >&2; exit 1; }');
  await expect(goBuild(MODULE, [HELLO])).rejects.toThrow("main.go:1: syntax error");
  await expect(goBuild(MODULE, [HELLO])).rejects.toThrow("main.go:1: syntax error");
});

test("programs that are missing are built by one run of Go, and found from then on", async () => {
  const { bin } = await bareMachine();
  const calls = join(bin, "calls");
  // $2 is the folder, after -o and the folder of what is built come the packages.
  await installGo(
    bin,
    `[ "$3" = list ] && exit
shift; dir=$1; shift 7; echo "$@" >>${calls}
mkdir "$dir/built"
for package; do case $package in */v3) touch "$dir/built/server" ;; *) touch "$dir/built/\${package##*/}" ;; esac; done`,
  );
  const [etcd = ""] = await goBuild(MODULE, [SERVER]);
  const [hello = "", again = "", own = ""] = await goBuild(MODULE, [HELLO, SERVER, OWN]);
  expect(await goBuild(MODULE, [OWN, HELLO])).toEqual([own, hello]);

  expect(again).toBe(etcd);
  expect([hello, etcd, own].map((path) => basename(path))).toEqual(["hello", "etcd", "own"]);
  for (const path of [hello, etcd, own]) await access(path);
  expect((await readFile(calls, "utf8")).trim().split("\n")).toEqual([
    "weir.local/server/v3",
    "weir.local/hello ./own",
  ]);
});
