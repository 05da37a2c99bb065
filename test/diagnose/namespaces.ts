import { cached } from "../../tools/cache/cache.ts";
import { unpackDebian } from "../../tools/debian/debian.ts";
import { runsAsRoot } from "../../tools/processes/owner.ts";
import { runProcess, type RunningProcess, startProcess } from "../../tools/processes/processes.ts";
import { onPath } from "../../tools/debian/programs.ts";

/** A network namespace that is this process' neighbour, on a link of its own. */
interface Neighbour {
  /** This end of the link. */
  readonly here: string;
  /** Its only address. */
  readonly address: string;
  /** Starts a program there. */
  readonly start: (
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) => Promise<RunningProcess>;
  /** Its link goes down, as that of a node that dies. */
  readonly cut: () => Promise<void>;
}

/**
 * Runs a program in a network namespace of its own, with nothing in it but a loopback interface that
 * is down. Nothing that happens there can leave it; it is gone with its last process.
 */
export function startAlone(command: string, args: readonly string[]): Promise<RunningProcess> {
  if (!runsAsRoot()) throw new Error("network namespaces need root: run this test as root");
  return startProcess({ command: "unshare", args: ["--net", command, ...args] });
}

/** For a program that runs alone: brings its loopback interface up. */
export async function startLoopback(): Promise<void> {
  await runProcess({ command: await findIp(), args: ["link", "set", "lo", "up"] });
}

/**
 * For a program that runs alone: makes a neighbour. It is gone with this process.
 *
 * @param number from 1 to 255, another one for each
 */
export async function startNeighbour(number: number): Promise<Neighbour> {
  const ip = await findIp();
  const [here, address] = [`10.77.${number}.1`, `10.77.${number}.2`];
  const [near, far] = [`near${number}`, `far${number}`];
  const holder = await startProcess({
    command: "unshare",
    args: ["--net", "sh", "-c", "echo made; exec cat"],
  });
  await holder.untilLogged(/made/);
  const inside = ["-t", `${holder.pid}`, "-n"];
  const run = (...args: readonly string[]) => runProcess({ command: ip, args });
  const runThere = (...args: readonly string[]) =>
    runProcess({ command: "nsenter", args: [...inside, ip, ...args] });
  await run("link", "add", near, "type", "veth", "peer", "name", far, "netns", `${holder.pid}`);
  await run("addr", "add", `${here}/24`, "dev", near);
  await run("link", "set", near, "up");
  await runThere("addr", "add", `${address}/24`, "dev", far);
  await runThere("link", "set", far, "up");
  return {
    here,
    address,
    start: (command, args, env) =>
      startProcess({ command: "nsenter", args: [...inside, command, ...args], env }),
    cut: async () => {
      await runThere("link", "set", far, "down");
    },
  };
}

/** `ip`: on PATH, else of Debian's iproute2, unpacked once into the cache. */
export async function findIp(): Promise<string> {
  const [installed] = await onPath("ip");
  if (installed !== undefined) return installed;
  const program = "usr/bin/ip";
  const tree = await cached({
    name: "iproute2-trixie",
    version: `6-${process.arch}`,
    make: (dir) =>
      unpackDebian({ suite: "trixie", packages: ["iproute2"], programs: [program] }, dir),
  });
  return `${tree}/${program}`;
}
