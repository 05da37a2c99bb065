import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { runProcess } from "../../processes/processes.ts";
import type { Addresses } from "./addresses.ts";
import { ip, mount } from "./systemCommands.ts";
import { showManyCpus } from "./manyCpus.ts";
import { pathsOf } from "./paths.ts";
import type { MachineSpec } from "./spec.ts";
import { until } from "../readiness.ts";

/** Folders of the host that daemons write to, and that are hidden from them. */
export const HIDDEN_FOLDERS = ["/run", "/var/lib", "/var/log"];

/** What kubelet sets, for all of the computer. */
const SETTINGS = ["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops"];

/** Lets the daemons of this mount namespace write wherever they are used to. */
export async function isolate({ dir }: MachineSpec): Promise<void> {
  const { varLib, varLog, settings, cpus } = pathsOf(dir);
  // Pods' volumes are mounted by one process and seen by others.
  await mount("--make-rshared", "/");
  await mount("-t", "tmpfs", "tmpfs", "/run");
  for (const folder of ["/run/netns", "/run/lock", "/run/containerd"]) await mkdir(folder);
  await mount("--bind", varLib, "/var/lib");
  await mount("--bind", varLog, "/var/log");
  await mkdir("/var/lib/kubelet");
  await mkdir("/var/lib/cni");
  for (const setting of SETTINGS) {
    const file = join(settings, basename(setting));
    await writeFile(file, "0\n");
    await mount("--bind", file, `/proc/sys/${setting}`);
  }
  await showManyCpus(cpus);
}

/** Waits for the host's link, and sets it up. */
export async function setUpNetwork({ host, machine, serviceRange }: Addresses): Promise<void> {
  await ip("link set lo up");
  await until(async () => (await ip("link show eth0")) !== "");
  await ip(`address add ${machine}/30 dev eth0`);
  await ip("link set eth0 up");
  await ip(`route add default via ${host}`);
  await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
  await writeFile("/proc/sys/net/bridge/bridge-nf-call-iptables", "1");
  // A packet to a Service that kube-proxy does not know yet would go to the host and back, and the
  // kernel would remember that for all of its connection. Dropped, it is sent again.
  const unknownService = `-t mangle -A FORWARD -d ${serviceRange} -j DROP`;
  await runProcess({ command: "iptables", args: unknownService.split(" ") });
}
