import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { connect } from "../../../src/kube/client.ts";
import { loadKubeconfig } from "../../../src/kube/kubeconfig.ts";
import { binary, buildBinaries, MACHINE_BINARIES } from "../../binaries/catalog.ts";
import { cacheDir } from "../../cache/cache.ts";
import { type Exit, type RunningProcess, startProcess } from "../../processes/processes.ts";
import { scratchDir } from "../../processes/scratch.ts";
import { type Kubectl, kubectlFor } from "../kubectl.ts";
import { answersOk, untilReady } from "../readiness.ts";
import { hasDns } from "./addons.ts";
import { addressesOf, type Addresses, apiUrlOf } from "./addresses.ts";
import { loadImage } from "./containerd.ts";
import { howItEnded } from "./daemon.ts";
import { writeMachineFiles } from "./files.ts";
import { endNamespaces } from "./firstProcess.ts";
import { machineImages } from "./images.ts";
import { ip } from "./systemCommands.ts";
import { pathsOf } from "./paths.ts";
import { reserveMachine } from "./reservation.ts";
import { requireMachineParts } from "./requirements.ts";
import type { MachineProgram, MachineSpec } from "./spec.ts";
import { systemRuntime } from "../../../src/runtime/runtime.ts";

/** What the program inside says when it may be linked. */
const ISOLATED = /^isolated\n/m;

/** A real cluster of one node, in namespaces of this computer's kernel. */
export interface Machine {
  readonly kubeconfigPath: string;
  readonly kubectl: Kubectl;
  /** The folder of the cluster, which its processes have in their command lines. Logs are in `logs`. */
  readonly dir: string;
  /** Of its cgroups and its network interface. */
  readonly name: string;
  readonly addresses: Addresses;
  /** Loads an archive of images, in docker's format or OCI's. */
  readonly loadImage: (archivePath: string) => Promise<void>;
  /** Settles when the cluster has ended, by itself or by `stop`: what is to be told of it. */
  readonly ended: Promise<string>;
  /** Ends all of it, and waits until nothing is left. Does nothing the second time. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a cluster with one node on this computer: containers, DNS, metrics, NetworkPolicies. All
 * of it hangs on one process, which ends with this one. From here the API server, Services and
 * pods can be reached, and pods reach what listens on `addresses.host`.
 *
 * @throws when this is not root, or something is missing or does not come up; then nothing is left
 */
export async function startMachine(): Promise<Machine> {
  await requireMachineParts();
  await buildBinaries(MACHINE_BINARIES);
  const programs = await machinePrograms();
  const images = await machineImages();
  const reservation = await reserveMachine();
  const dir = await scratchDir("machine");
  let inside: RunningProcess | undefined;
  const stop = async () => {
    if (inside !== undefined) await endNamespaces(inside);
    await reservation.free();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const addresses = addressesOf(reservation.number);
    const imageStore = join(cacheDir(), `images-${reservation.number}`);
    await mkdir(imageStore, { recursive: true });
    const spec: MachineSpec = {
      dir,
      imageStore,
      cgroup: reservation.name,
      addresses,
      programs,
      images,
    };
    const { token, ca } = await writeMachineFiles(spec);
    const paths = pathsOf(dir);
    const machine = await startProcess({ command: "setsid", args: unshareArgs(paths.spec) });
    inside = machine;
    await machine.untilLogged(ISOLATED);
    await link(reservation.name, machine.pid, addresses);
    const url = apiUrlOf(addresses);
    await untilReady("kube-apiserver", machine, () => answersOk(`${url}/readyz`, token, ca));
    const client = connect(loadKubeconfig({ KUBECONFIG: paths.kubeconfig }), systemRuntime);
    await untilReady("the cluster", machine, () => hasDns(client));
    await client.close();
    return {
      kubeconfigPath: paths.kubeconfig,
      kubectl: await kubectlFor(paths.kubeconfig, dir),
      dir,
      name: reservation.name,
      addresses,
      loadImage: (archivePath) => loadImage(paths.containerdSocket, { archivePath }),
      ended: machine.closed.then((exit) => whyItEnded(exit, machine.log())),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the program inside says last is why; it says nothing when it was killed itself. */
function whyItEnded(exit: Exit, log: string): string {
  const said = log.replace(ISOLATED, "").trim();
  return said === "" ? howItEnded("the process that holds it", exit, "") : said;
}

/**
 * The program inside in namespaces of its own, with a shell before it, since the first process of a
 * computer has to collect the orphans: those of containers.
 */
function unshareArgs(specPath: string): readonly string[] {
  const namespaces = ["--mount", "--net", "--pid", "--ipc", "--uts"];
  const ways = ["--fork", "--kill-child", "--mount-proc", "--propagation", "private"];
  const program = [process.execPath, join(import.meta.dirname, "inside.ts"), specPath];
  // In a session of its own, so that Ctrl-C reaches us alone, who end it in good order.
  return ["unshare", ...namespaces, ...ways, "sh", "-c", '"$@" & wait $!', "sh", ...program];
}

/** Links the host's network with that of a process, and routes what is in there. */
async function link(
  name: string,
  pid: number,
  { host, machine, podRange, serviceRange }: Addresses,
): Promise<void> {
  await ip(`link add ${name} type veth peer name eth0 netns ${pid}`);
  await ip(`address add ${host}/30 dev ${name}`);
  await ip(`link set ${name} up`);
  await ip(`route add ${podRange} via ${machine}`);
  await ip(`route add ${serviceRange} via ${machine}`);
}

async function machinePrograms(): Promise<Record<MachineProgram, string>> {
  return {
    "kube-apiserver": await binary("kube-apiserver"),
    "kube-controller-manager": await binary("kube-controller-manager"),
    "kube-scheduler": await binary("kube-scheduler"),
    kubelet: await binary("kubelet"),
    "kube-proxy": await binary("kube-proxy"),
  };
}
