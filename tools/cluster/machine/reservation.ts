import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { takeLock, type Lock } from "../../cache/lock.ts";
import { MACHINES_MAX } from "./addresses.ts";

const CGROUPS = "/sys/fs/cgroup";
/**
 * The CPU of all containers together, by version of cgroups: as much as eight processes of the host.
 * As a rule they get as much as one, and on a computer that is busy none of fifty starts in time.
 */
const WEIGHTS = { "cpu.shares": "8192", "cpu.weight": "800" };
/** Exit code of a flock that did not get its lock; none that a shell gives. */
const TAKEN = 75;

/** A number that no other machine has while this one runs, and what goes by its name. */
interface Reservation {
  readonly number: number;
  /** The name of its cgroup in each hierarchy, and of its network interface on the host. */
  readonly name: string;
  /** Waits until the processes are gone, removes what they leave, and gives the number back. */
  readonly free: () => Promise<void>;
}

/**
 * Takes the lowest number that is free on this computer, and makes the cgroups of its name. A child
 * holds the number; when this process dies, the child waits for the machine to be gone too, and
 * removes its cgroups and its link, which nothing else would, or not at once.
 *
 * @throws when all numbers are taken
 */
export async function reserveMachine(): Promise<Reservation> {
  for (let number = 0; number < MACHINES_MAX; number++) {
    const name = `weir-cluster-${number}`;
    const holder = hold(name);
    if ((await holder.held) === undefined) continue;
    await makeCgroups(name);
    return { number, name, free: holder.free };
  }
  throw new Error(
    `${MACHINES_MAX} clusters run on this computer already, and no more have addresses: stop one`,
  );
}

/**
 * Keeps everybody from taking the number of a machine once it is free: whatever goes by its name is
 * what that machine has left. Whoever looks for a number meanwhile takes another.
 */
export function keepFromOthers({ name }: Pick<Reservation, "name">): Promise<Lock> {
  return takeLock(`${lockOf(name)}.taking`);
}

function lockOf(name: string): string {
  return `/run/lock/${name}.lock`;
}

/** `held` is undefined when somebody else holds it, or keeps it from others. */
function hold(name: string): { held: Promise<true | undefined>; free: () => Promise<void> } {
  // Processes that were killed leave their cgroup a moment later: try again.
  const script = `remove() {
      # The kernel would remove it too, some seconds after the last process.
      [ ! -e /sys/class/net/"$0" ] || ip link delete "$0" || return 1
      for dir in ${CGROUPS}/"$0" ${CGROUPS}/*/"$0"; do
        [ ! -d "$dir" ] || find "$dir" -depth -type d -exec rmdir {} + || return 1
      done
    }
    clear() {
      for try in $(seq 300); do
        remove 2>/dev/null && return
        sleep 0.1
      done
    }
    exec 8>"$1.taking" 9>"$1"
    flock --nonblock --conflict-exit-code=${TAKEN} 8 || exit
    flock --nonblock --conflict-exit-code=${TAKEN} 9 || exit
    exec 8>&-
    # Left by a holder that was killed itself.
    clear
    echo held
    cat
    clear`;
  const lock = lockOf(name);
  const child = spawn("sh", ["-c", script, name, lock], {
    stdio: ["pipe", "pipe", "inherit"],
    // Since Ctrl-C ends the whole process group.
    detached: true,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const held = Promise.race([
    new Promise<true>((resolve) => {
      child.stdout.once("data", () => resolve(true));
    }),
    ended.then((code) => {
      if (code === TAKEN) return undefined;
      throw new Error(`flock (util-linux) ended with ${code}: cannot lock ${lock}`);
    }),
  ]);
  const free = async () => {
    child.stdin.end();
    await ended;
  };
  return { held, free };
}

/** In every hierarchy of version 1; in the one of version 2. */
async function makeCgroups(name: string): Promise<void> {
  for (const root of await cgroupRoots()) {
    const dir = join(root, name);
    await mkdir(dir);
    for (const [file, weight] of Object.entries(WEIGHTS)) {
      // One of them, and only where there is a controller of CPUs.
      if (await isThere(join(dir, file))) await writeFile(join(dir, file), weight);
    }
    // A new cpuset is empty, and nothing runs in an empty one.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const value = await readFile(join(root, file), "utf8").catch(() => undefined);
      if (value !== undefined) await writeFile(join(dir, file), value);
    }
  }
}

async function cgroupRoots(): Promise<readonly string[]> {
  if (await isRoot(CGROUPS)) return [CGROUPS];
  const roots: string[] = [];
  for (const entry of await readdir(CGROUPS, { withFileTypes: true })) {
    const dir = join(CGROUPS, entry.name);
    if (entry.isDirectory() && (await isRoot(dir))) roots.push(dir);
  }
  return roots;
}

function isRoot(dir: string): Promise<boolean> {
  return isThere(join(dir, "cgroup.procs"));
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
