import { access, constants, realpath } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

import { DEBIAN_MIRROR, type DebianSuite } from "./debian.ts";
import { serverOwner } from "../processes/owner.ts";
import { runProcess } from "../processes/processes.ts";

/** A server program that can be started here. */
export interface Program {
  readonly path: string;
  /** As the program tells it: `1.26.1`, `15.13`. */
  readonly version: string;
}

/** Paths of a program on PATH and in /usr/sbin, which is not on everybody's PATH. */
export async function onPath(name: string): Promise<string[]> {
  const folders = new Set([...(process.env["PATH"] ?? "").split(":"), "/usr/sbin"]);
  const found: string[] = [];
  for (const folder of folders) {
    if (!isAbsolute(folder)) continue;
    const path = join(folder, name);
    if (await isExecutable(path)) found.push(path);
  }
  return found;
}

/**
 * Asks a program for its version, as the user who will run it.
 *
 * @throws when that user cannot run it, or it names no version
 */
export async function askVersion(path: string): Promise<Program> {
  const owner = serverOwner();
  let answer: string;
  try {
    answer = await runProcess({ command: path, args: ["--version"], owner });
  } catch (cause) {
    throw new Error(`${owner.name} cannot run ${path}: may he read the folders on the way?`, {
      cause,
    });
  }
  const version = /\b\d+(\.\d+)+\b/.exec(answer)?.[0];
  if (version === undefined) throw new Error(`${path} --version names no version: ${answer}`);
  return { path, version };
}

/** A program of Debian that tests need. */
interface ProgramSpec {
  /** `PgBouncer` */
  readonly name: string;
  /** The oldest version that will do. */
  readonly minimum: string;
  /** Where it may be on this machine, the best place first. */
  readonly paths: readonly string[];
  readonly suite: DebianSuite;
  /** What to install by hand. */
  readonly install: string;
  /** Unpacks it from the suite. */
  readonly unpacked: () => Promise<Program>;
}

/**
 * A program of this machine that is new enough, else one unpacked from Debian.
 *
 * @throws with what was tried and what to install
 */
export async function findProgram(spec: ProgramSpec): Promise<Program> {
  const { name, minimum, paths, suite, install, unpacked } = spec;
  const tooOld: string[] = [];
  for (const path of paths) {
    // A link on PATH does not lie beside the programs that come with it.
    const program = await askVersion(await realpath(path));
    if (isAtLeast(program.version, minimum)) return program;
    tooOld.push(`${path} is ${program.version}`);
  }
  try {
    return await unpacked();
  } catch (cause) {
    const here = tooOld.length === 0 ? "none is installed" : tooOld.join(", ");
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `no ${name} ${minimum} or newer: ${here}, and unpacking it from ${DEBIAN_MIRROR} ${suite} ` +
        `failed. Install it (${install}), or make that work:\n${reason}`,
      { cause },
    );
  }
}

/** Whether a dotted version is the same as another one, or newer. */
export function isAtLeast(version: string, minimum: string): boolean {
  return version.localeCompare(minimum, "en", { numeric: true }) >= 0;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
