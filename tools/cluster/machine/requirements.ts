import { access } from "node:fs/promises";
import { tmpdir } from "node:os";

import { cacheDir } from "../../cache/cache.ts";
import { installMissing, type SystemProgram } from "../../debian/systemPrograms.ts";
import { runsAsRoot } from "../../processes/owner.ts";
import { runProcess } from "../../processes/processes.ts";
import { HIDDEN_FOLDERS } from "./isolation.ts";
import { CNI_PLUGINS } from "./podNetwork.ts";

/** What the machine runs that is not built from source, and the Debian packages that have it. */
const PROGRAMS: readonly SystemProgram[] = [
  { program: "containerd", debianPackage: "containerd" },
  { program: "ctr", debianPackage: "containerd" },
  { program: "runc", debianPackage: "runc" },
  { program: `${CNI_PLUGINS}/bridge`, debianPackage: "containernetworking-plugins" },
  { program: "iptables-restore", debianPackage: "iptables" },
  { program: "conntrack", debianPackage: "conntrack" },
  { program: "ethtool", debianPackage: "ethtool" },
  { program: "socat", debianPackage: "socat" },
  { program: "ip", debianPackage: "iproute2" },
  { program: "unshare", debianPackage: "util-linux" },
];

/**
 * Sees to it that a machine can be made here.
 *
 * @throws with what to do, when this is not root, or programs are missing and can't be installed
 */
export async function requireMachineParts(): Promise<void> {
  if (!runsAsRoot()) {
    throw new Error(
      "a cluster on this computer takes root: run this as root, start docker and install kind, " +
        "or name a cluster with USE_EXISTING_CLUSTER=true and KUBECONFIG",
    );
  }
  for (const path of [cacheDir(), tmpdir(), process.execPath, import.meta.dirname]) {
    const hidden = HIDDEN_FOLDERS.find((folder) => path.startsWith(`${folder}/`));
    if (hidden !== undefined) {
      throw new Error(`${path} can't be used for a cluster, which has a ${hidden} of its own`);
    }
  }
  await installMissing(PROGRAMS);
  await requireBridgeFilter();
}

/** Between pods of one bridge, packets are filtered only when the kernel is told to. */
async function requireBridgeFilter(): Promise<void> {
  const isThere = await access("/proc/sys/net/bridge").then(
    () => true,
    () => false,
  );
  if (!isThere) await runProcess({ command: "modprobe", args: ["br_netfilter"] });
}
