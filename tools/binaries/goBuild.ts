import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { cachedTogether, type CacheKey } from "../cache/cache.ts";
import { runProcess } from "../processes/processes.ts";

/** What programs are built from: one list of modules, and so one version of each for all programs. */
export interface GoModule {
  /** Versions by the paths of modules, with the leading v. */
  readonly requires: Readonly<Record<string, string>>;
  /** Modules, and the version that is built whatever go.mod files ask for. */
  readonly replaces: Readonly<Record<string, string>>;
  /** String variables, by import path and name, that get another value: usually the version. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A Go program that is built from source, since nobody offers it as a ready-made package. */
export interface GoProgram {
  /** The file name of the binary. */
  readonly name: string;
  /** For people: of its module, or of our own program, with the leading v. */
  readonly version: string;
  /** The import path of its main package, or the text of one that stands on the module. */
  readonly mainPackage: string | { readonly source: string };
}

// The newest that one of the modules asks for in its go.mod.
const GO_VERSION_MIN = "1.26.0";

/**
 * Builds Go programs into the cache, or finds them there. Those that are missing are built by one
 * `go build`, so that what they share is loaded, checked and compiled once. The first build
 * downloads modules and takes minutes.
 *
 * @returns the paths of static binaries, in the order of the programs
 * @throws when Go is missing or too old, or when the build fails: then with the compiler's words
 */
export async function goBuild(
  module: GoModule,
  programs: readonly GoProgram[],
): Promise<readonly string[]> {
  const goMod = goModOf(module);
  const args = ["-mod=mod", "-trimpath", `-ldflags=${ldflagsOf(module)}`];
  const entries = programs.map((program) => entryOf(program, goMod, args));
  const dirs = await cachedTogether(entries, async (missing) => {
    const [first = ""] = missing.values();
    const dir = join(first, "build");
    await mkdir(dir);
    await writeFile(join(dir, "go.mod"), goMod);
    await requireGo(dir, [...missing.keys()]);
    const packages = await Promise.all([...missing.keys()].map((each) => packageOf(each, dir)));
    await runProcess({
      command: "go",
      args: ["-C", dir, "build", ...args, "-o", "./built/", ...packages],
      // Static, so that the binary also runs in an image that holds nothing else.
      env: { CGO_ENABLED: "0" },
    });
    for (const [program, into] of missing) {
      await rename(join(dir, "built", executableOf(program)), join(into, program.name));
    }
    await rm(dir, { recursive: true });
  });
  return dirs.map((dir, index) => join(dir, programs[index]?.name ?? ""));
}

/** What is built depends on more than the version: a changed flag or module builds anew. */
function entryOf(program: GoProgram, goMod: string, args: readonly string[]): GoProgram & CacheKey {
  const recipe = createHash("sha256")
    .update(JSON.stringify([goMod, program.mainPackage, args]))
    .digest("hex")
    .slice(0, 8);
  return { ...program, version: `${program.version}-${recipe}` };
}

/** @returns how `go build` is told the program; its source is written where it builds */
async function packageOf({ name, mainPackage }: GoProgram, dir: string): Promise<string> {
  if (typeof mainPackage === "string") return mainPackage;
  await mkdir(join(dir, name));
  await writeFile(join(dir, name, "main.go"), mainPackage.source);
  return `./${name}`;
}

/** The name that Go gives a program: the last part of its path that is no major version. */
function executableOf({ name, mainPackage }: GoProgram): string {
  return typeof mainPackage === "string" ? basename(mainPackage.replace(/\/v\d+$/, "")) : name;
}

function goModOf({ requires, replaces }: GoModule): string {
  const lines = ["module weir.local/build", `go ${GO_VERSION_MIN}`];
  for (const [path, version] of Object.entries(requires)) lines.push(`require ${path} ${version}`);
  for (const [path, version] of Object.entries(replaces)) {
    lines.push(`replace ${path} => ${path} ${version}`);
  }
  return `${lines.join("\n")}\n`;
}

function ldflagsOf({ variables }: GoModule): string {
  // Without debug information: a third smaller, and nobody debugs these.
  const flags = ["-s", "-w"];
  for (const [variable, value] of Object.entries(variables)) {
    flags.push("-X", `${variable}=${value}`);
  }
  return flags.join(" ");
}

async function requireGo(dir: string, programs: readonly GoProgram[]): Promise<void> {
  try {
    // Unlike `go version`, this fails when go.mod asks for a newer Go than there is.
    await runProcess({ command: "go", args: ["-C", dir, "list", "-m"] });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `Go ${GO_VERSION_MIN} or newer must be on PATH, to build ` +
        `${programs.map(({ name }) => name).join(", ")}: install it from https://go.dev/dl/\n${reason}`,
      { cause },
    );
  }
}
