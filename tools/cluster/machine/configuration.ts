import { join } from "node:path";

import { pathsOf } from "./paths.ts";
import { ADMISSION_PLUGIN } from "./podNetwork.ts";
import type { MachineSpec } from "./spec.ts";

const CRI = "io.containerd.grpc.v1.cri";

/** What kubelet is told. */
export function kubeletConfig({ dir, addresses, cgroup }: MachineSpec): object {
  const { pki, containerdSocket } = pathsOf(dir);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDomain: "cluster.local",
    clusterDNS: [addresses.dnsService],
    // The host's resolver need not be reachable from here.
    resolvConf: "",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: join(pki, "kubelet-server.crt"),
    tlsPrivateKeyFile: join(pki, "kubelet-server.key"),
    maxPods: 250,
    // How full the host's disk is, is none of the cluster's concern.
    enforceNodeAllocatable: [],
    evictionHard: {
      "memory.available": "0%",
      "nodefs.available": "0%",
      "nodefs.inodesFree": "0%",
      "imagefs.available": "0%",
      "imagefs.inodesFree": "0%",
    },
    imageGCHighThresholdPercent: 100,
    oomScoreAdj: 0,
  };
}

/** What containerd is told. */
export function containerdConfig(spec: MachineSpec): string {
  const cri = `plugins."${CRI}"`;
  return `${containerdBasics(spec)}
[${cri}]
sandbox_image = ${JSON.stringify(spec.images.podProgram.name)}
# Lowering the score takes CAP_SYS_RESOURCE, which not every root has.
restrict_oom_score_adj = true
enable_unprivileged_ports = true
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.cni]
bin_dir = ${JSON.stringify(pathsOf(spec.dir).cniPlugins)}
conf_dir = ${JSON.stringify(pathsOf(spec.dir).cni)}
`;
}

/** The same without the part that is Kubernetes' own. */
export function containerdBareConfig(spec: MachineSpec): string {
  return `disabled_plugins = ["${CRI}"]\n${containerdBasics(spec)}`;
}

function containerdBasics({ dir, imageStore }: MachineSpec): string {
  return `version = 2
root = ${JSON.stringify(imageStore)}
state = "/run/containerd"
[grpc]
address = ${JSON.stringify(pathsOf(dir).containerdSocket)}
`;
}

/** How pods get their network: a bridge, addresses by number, host ports, policies. */
export function cniConfig({ addresses }: MachineSpec): object {
  return {
    cniVersion: "0.4.0",
    name: "weir",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        // A pod that reaches itself by its Service.
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: addresses.podRange }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
      { type: ADMISSION_PLUGIN },
    ],
  };
}
