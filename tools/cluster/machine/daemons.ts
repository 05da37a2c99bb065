import { join } from "node:path";

import { API_PORT } from "./addresses.ts";
import { pathsOf } from "./paths.ts";
import { type MachineProgram, type MachineSpec, NODE_NAME } from "./spec.ts";

/** By themselves, they ask no more than 20 to 50 things a second, and are late at the start. */
const BUSY = ["--kube-api-qps=1000", "--kube-api-burst=2000"];

/** The arguments of each program of Kubernetes on a machine. */
export function daemonArgs(
  spec: MachineSpec,
  etcdUrl: string,
): Readonly<Record<MachineProgram, readonly string[]>> {
  const { pki, kubeconfigs, serviceAccountKey, kubeletConfig } = pathsOf(spec.dir);
  const { machine, podRange } = spec.addresses;
  const kubeconfig = (name: MachineProgram) => `--kubeconfig=${join(kubeconfigs, name)}`;
  return {
    "kube-apiserver": apiServerArgs(spec, etcdUrl),
    "kube-controller-manager": [
      kubeconfig("kube-controller-manager"),
      `--service-account-private-key-file=${serviceAccountKey}`,
      `--root-ca-file=${join(pki, "ca.crt")}`,
      "--use-service-account-credentials",
      "--leader-elect=false",
      "--secure-port=0",
      ...BUSY,
      // A node that has come is used at once.
      "--node-monitor-period=1s",
      // An autoscaler that is worth waiting for.
      "--horizontal-pod-autoscaler-sync-period=2s",
      "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
      "--horizontal-pod-autoscaler-cpu-initialization-period=5s",
    ],
    "kube-scheduler": [
      kubeconfig("kube-scheduler"),
      "--leader-elect=false",
      "--secure-port=0",
      ...BUSY,
    ],
    kubelet: [
      kubeconfig("kubelet"),
      `--config=${kubeletConfig}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${machine}`,
    ],
    "kube-proxy": [
      kubeconfig("kube-proxy"),
      `--hostname-override=${NODE_NAME}`,
      "--proxy-mode=iptables",
      `--cluster-cidr=${podRange}`,
      // Limits of connections and their ages are the host's to set.
      "--conntrack-max-per-core=0",
      "--conntrack-tcp-timeout-established=0",
      "--conntrack-tcp-timeout-close-wait=0",
      "--oom-score-adj=0",
    ],
  };
}

function apiServerArgs({ dir, addresses }: MachineSpec, etcdUrl: string): readonly string[] {
  const { pki, frontProxy, tokens, serviceAccountKey } = pathsOf(dir);
  const own = join(pki, "kube-apiserver");
  const kubeletClient = join(pki, "kubelet-client");
  const proxyClient = join(frontProxy, "client");
  return [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${addresses.machine}`,
    `--advertise-address=${addresses.machine}`,
    `--secure-port=${API_PORT}`,
    `--tls-cert-file=${own}.crt`,
    `--tls-private-key-file=${own}.key`,
    `--client-ca-file=${join(pki, "ca.crt")}`,
    `--token-auth-file=${tokens}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${serviceAccountKey}`,
    `--service-account-signing-key-file=${serviceAccountKey}`,
    `--service-cluster-ip-range=${addresses.serviceRange}`,
    `--kubelet-certificate-authority=${join(pki, "ca.crt")}`,
    `--kubelet-client-certificate=${kubeletClient}.crt`,
    `--kubelet-client-key=${kubeletClient}.key`,
    "--kubelet-preferred-address-types=InternalIP",
    `--requestheader-client-ca-file=${join(frontProxy, "ca.crt")}`,
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    `--proxy-client-cert-file=${proxyClient}.crt`,
    `--proxy-client-key-file=${proxyClient}.key`,
  ];
}
