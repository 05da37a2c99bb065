import { join } from "node:path";

/** Where things are in a machine's folder. */
export function pathsOf(dir: string) {
  return {
    pki: join(dir, "pki"),
    frontProxy: join(dir, "front-proxy"),
    kubeconfigs: join(dir, "kubeconfigs"),
    logs: join(dir, "logs"),
    /** Bound over the folders of the host that daemons write to. */
    varLib: join(dir, "var-lib"),
    varLog: join(dir, "var-log"),
    /** Bound over settings of the kernel that kubelet sets. */
    settings: join(dir, "settings"),
    /** Bound over the CPUs that kubelet counts. */
    cpus: join(dir, "cpus"),
    etcd: join(dir, "etcd"),
    cni: join(dir, "cni"),
    cniPlugins: join(dir, "cni-plugins"),
    tokens: join(dir, "tokens.csv"),
    serviceAccountKey: join(dir, "service-account.pem"),
    kubeconfig: join(dir, "kubeconfig"),
    kubeletConfig: join(dir, "kubelet.json"),
    containerdConfig: join(dir, "containerd.toml"),
    containerdBareConfig: join(dir, "containerd-bare.toml"),
    containerdSocket: join(dir, "containerd.sock"),
    spec: join(dir, "machine.json"),
  };
}
