import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { cached } from "../parts/cache.ts";
import { runProcess } from "../parts/processes.ts";

/** A Go program that is built from its module, since nobody offers it as a ready-made package. */
export interface GoProgram {
  /** The file name of the binary. */
  readonly name: string;
  /** Absent for a program of our own that needs nothing but Go's library. */
  readonly module?: string;
  /** Of the module, or of our program, with the leading v. */
  readonly version: string;
  /** The import path of its main package, or the text of one that stands on the module. */
  readonly mainPackage: string | { readonly source: string };
  /** Modules, and the version that is built whatever the program's own go.mod says. */
  readonly replacements?: Readonly<Record<string, string>>;
  /** String variables, by import path and name, that get another value: usually the version. */
  readonly variables?: Readonly<Record<string, string>>;
}

// The newest that one of the programs asks for in its go.mod.
const GO_VERSION_MIN = "1.26.0";
const PROGRESS_INTERVAL_MS = 30_000;

/**
 * Builds a Go program into the cache, or finds it there. The first build downloads modules and
 * takes minutes; it tells on stderr that it goes on.
 *
 * @returns the path of a static binary
 * @throws when Go is missing or too old, or when the build fails: then with the compiler's words
 */
export async function goBuild(program: GoProgram): Promise<string> {
  const { name, version, mainPackage } = program;
  const goMod = goModOf(program);
  const packagePath = typeof mainPackage === "string" ? mainPackage : ".";
  const buildArgs = ["-mod=mod", "-trimpath", `-ldflags=${ldflagsOf(program)}`];
  // What is built depends on more than the version, so that a changed flag builds anew.
  const recipe = createHash("sha256")
    .update(JSON.stringify([goMod, mainPackage, buildArgs]))
    .digest("hex")
    .slice(0, 8);

  const dir = await cached({
    name,
    version: `${version}-${recipe}`,
    make: async (building) => {
      await writeFile(join(building, "go.mod"), goMod);
      if (typeof mainPackage !== "string") {
        await writeFile(join(building, "main.go"), mainPackage.source);
      }
      await requireGo(building, program);
      const startedMs = performance.now();
      const progress = setInterval(() => {
        const elapsedSeconds = Math.round((performance.now() - startedMs) / 1000);
        tell(`still building ${name} ${version} (${elapsedSeconds} s)`);
      }, PROGRESS_INTERVAL_MS);
      try {
        await runProcess({
          command: "go",
          args: ["-C", building, "build", ...buildArgs, "-o", name, packagePath],
          // Static, so that the binary also runs in an image that holds nothing else.
          env: { CGO_ENABLED: "0" },
        });
      } finally {
        clearInterval(progress);
      }
    },
  });
  return join(dir, name);
}

function goModOf({ module, version, replacements = {} }: GoProgram): string {
  const lines = ["module weir.local/build", `go ${GO_VERSION_MIN}`];
  if (module !== undefined) lines.push(`require ${module} ${version}`);
  for (const [path, replacedBy] of Object.entries(replacements)) {
    lines.push(`replace ${path} => ${path} ${replacedBy}`);
  }
  return `${lines.join("\n")}\n`;
}

function ldflagsOf({ variables = {} }: GoProgram): string {
  // Without debug information: a third smaller, and nobody debugs these.
  const flags = ["-s", "-w"];
  for (const [variable, value] of Object.entries(variables))
    flags.push("-X", `${variable}=${value}`);
  return flags.join(" ");
}

async function requireGo(dir: string, { name, version }: GoProgram): Promise<void> {
  try {
    // Unlike `go version`, this fails when go.mod asks for a newer Go than there is.
    await runProcess({ command: "go", args: ["-C", dir, "list", "-m"] });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${name} ${version} is built from source, which needs Go ${GO_VERSION_MIN} or newer on PATH: ` +
        `install it from https://go.dev/dl/\n${reason}`,
      { cause },
    );
  }
}

function tell(text: string): void {
  process.stderr.write(`test binaries: ${text}\n`);
}
