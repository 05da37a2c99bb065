import { access, constants } from "node:fs/promises";
import { isAbsolute } from "node:path";

import { runProcess } from "../processes/processes.ts";
import { onPath } from "./programs.ts";
import { tellingProgress } from "../cache/progress.ts";

/** A program that has to be installed, since it works on the computer as a whole. */
export interface SystemProgram {
  /** A name that is looked up on PATH, or a path. */
  readonly program: string;
  /** The Debian package that has it. */
  readonly debianPackage: string;
}

/** Two processes that install at a time would get in each other's way. */
const LOCK = "/run/lock/weir-apt.lock";

/**
 * Installs what is missing, on a Debian or its like, as root.
 *
 * @param lock who has it installs; its own where apt-get is not the machine's
 * @throws with the packages to install, when it can't
 */
export async function installMissing(
  programs: readonly SystemProgram[],
  lock = LOCK,
): Promise<void> {
  const packages = await missingPackages(programs);
  if (packages.length === 0) return;
  try {
    await tellingProgress(`installing ${packages.join(" ")}`, async () => {
      await aptGet(lock, ["update"]);
      await aptGet(lock, ["install", "--yes", "--no-install-recommends", ...packages]);
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const all = packages.join(" ");
    throw new Error(`install these packages, which could not be done here: ${all}\n${reason}`, {
      cause,
    });
  }
  const missing = await missingPackages(programs);
  if (missing.length > 0) {
    throw new Error(`${missing.join(" ")}: installed, but not all of their programs are found`);
  }
}

async function missingPackages(programs: readonly SystemProgram[]): Promise<readonly string[]> {
  const packages = new Set<string>();
  for (const { program, debianPackage } of programs) {
    if (!(await isThere(program))) packages.add(debianPackage);
  }
  return [...packages];
}

async function isThere(program: string): Promise<boolean> {
  if (!isAbsolute(program)) return (await onPath(program)).length > 0;
  return access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function aptGet(lock: string, args: readonly string[]): Promise<void> {
  await runProcess({
    command: "flock",
    args: [lock, "apt-get", "-o", "DPkg::Lock::Timeout=600", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
}
