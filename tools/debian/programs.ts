import { access, constants } from "node:fs/promises";
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

/** What is said when there is no program to test with. */
interface MissingProgram {
  /** `PgBouncer 1.24 or newer` */
  readonly wanted: string;
  /** What was found instead, one a program. */
  readonly found: readonly string[];
  readonly suite: DebianSuite;
  /** What to install by hand. */
  readonly install: string;
  /** Why it could not be unpacked from Debian. */
  readonly cause: unknown;
}

/** The error for a program that is neither here nor to be had from Debian. */
export function missingProgram({ wanted, found, suite, install, cause }: MissingProgram): Error {
  const here = found.length === 0 ? "none is installed" : found.join(", ");
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `no ${wanted}: ${here}, and unpacking it from ${DEBIAN_MIRROR} ${suite} failed. ` +
      `Install it (${install}), or make that work:\n${reason}`,
    { cause },
  );
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
