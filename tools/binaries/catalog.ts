import { readFileSync } from "node:fs";
import { join } from "node:path";

import { goBuild, type GoModule, type GoProgram } from "./goBuild.ts";
import { kubebuilderAsset } from "./kubebuilderAssets.ts";

/** A program that tests run, and that is built from source. */
export type Binary = keyof typeof PROGRAMS;

const KUBERNETES_MINOR = 36;
const KUBERNETES_PATCH = 3;
const KUBERNETES = `v1.${KUBERNETES_MINOR}.${KUBERNETES_PATCH}`;
// The modules of the repository itself carry the same minor and patch below v0.
const KUBERNETES_STAGING = `v0.${KUBERNETES_MINOR}.${KUBERNETES_PATCH}`;
const ETCD = "v3.6.8";
const METRICS_SERVER = "v0.9.0";
const CORE_DNS = "v1.15.0";
const HELM = "v4.3.1";
const COMPOSE = "v2.16.2";

// Kubernetes' go.mod points all of these at folders beside it, which the module does not contain.
const STAGING_MODULES = [
  "api",
  "apiextensions-apiserver",
  "apimachinery",
  "apiserver",
  "cli-runtime",
  "client-go",
  "cloud-provider",
  "cluster-bootstrap",
  "code-generator",
  "component-base",
  "component-helpers",
  "controller-manager",
  "cri-api",
  "cri-client",
  "cri-streaming",
  "csi-translation-lib",
  "dynamic-resource-allocation",
  "endpointslice",
  "externaljwt",
  "kms",
  "kube-aggregator",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubectl",
  "kubelet",
  "metrics",
  "mount-utils",
  "pod-security-admission",
  "sample-apiserver",
  "sample-cli-plugin",
  "sample-controller",
  "streaming",
];

/** CoreDNS is built against a newer one, which Kubernetes and etcd of this version are not. */
const ETCD_MODULES = ["api", "client/pkg", "client", "pkg", "server"];

/**
 * The programs are built from one list of modules: most of them stand on Kubernetes' libraries, which
 * are compiled once then, in the version of the cluster.
 */
const MODULE: GoModule = {
  requires: {
    "k8s.io/kubernetes": KUBERNETES,
    "go.etcd.io/etcd/server/v3": ETCD,
    "sigs.k8s.io/metrics-server": METRICS_SERVER,
    "github.com/coredns/coredns": CORE_DNS,
    "github.com/compose-spec/compose-go/v2": COMPOSE,
  },
  replaces: {
    ...Object.fromEntries(STAGING_MODULES.map((each) => [`k8s.io/${each}`, KUBERNETES_STAGING])),
    ...Object.fromEntries(ETCD_MODULES.map((each) => [`go.etcd.io/etcd/${each}/v3`, ETCD])),
  },
  variables: {
    ...kubernetesVersion("k8s.io/component-base/version"),
    ...kubernetesVersion("k8s.io/client-go/pkg/version"),
  },
};

/** helm is raced against: it is built as its users have it, on the libraries of its own go.mod. */
const HELM_MODULE: GoModule = {
  requires: { "helm.sh/helm/v4": HELM },
  replaces: {},
  variables: { "helm.sh/helm/v4/internal/version.version": HELM },
};

/** Unstamped, the version reads `v0.0.0-master+$Format:%H$`, which clients reject. */
function kubernetesVersion(path: string): Readonly<Record<string, string>> {
  return {
    [`${path}.gitVersion`]: KUBERNETES,
    [`${path}.gitMajor`]: "1",
    [`${path}.gitMinor`]: `${KUBERNETES_MINOR}`,
  };
}

/** The version of each, and its main package; one of our own stands in `sources`. */
const PROGRAMS = {
  etcd: { version: ETCD, mainPackage: "go.etcd.io/etcd/server/v3" },
  "kube-apiserver": kubernetes("kube-apiserver"),
  "kube-controller-manager": kubernetes("kube-controller-manager"),
  "kube-scheduler": kubernetes("kube-scheduler"),
  "kube-proxy": kubernetes("kube-proxy"),
  kubelet: kubernetes("kubelet"),
  kubectl: kubernetes("kubectl"),
  "metrics-server": {
    version: METRICS_SERVER,
    mainPackage: "sigs.k8s.io/metrics-server/cmd/metrics-server",
  },
  /** With no more plugins than a cluster's DNS needs: these are a tenth of all there are. */
  coredns: { version: CORE_DNS, mainPackage: ownSource("coredns") },
  helm: { version: HELM, mainPackage: "helm.sh/helm/v4/cmd/helm" },
  /** Loads a compose file as docker compose does, and prints what it makes of it as JSON. */
  "compose-loader": { version: COMPOSE, mainPackage: ownSource("compose-loader") },
  /** Runs in the pods of the cluster's own tests, and is their pause container. */
  "pod-program": { version: "v1", mainPackage: ownSource("pod-program") },
} satisfies Readonly<Record<string, Omit<GoProgram, "name">>>;

/** What a cluster on this computer runs, from its etcd to the pause containers of its pods. */
export const MACHINE_BINARIES: readonly Binary[] = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
  "kubelet",
  "kubectl",
  "coredns",
  "metrics-server",
  "pod-program",
];

function kubernetes(name: string): Omit<GoProgram, "name"> {
  return { version: KUBERNETES, mainPackage: `k8s.io/kubernetes/cmd/${name}` };
}

function ownSource(name: string): { readonly source: string } {
  return { source: readFileSync(join(import.meta.dirname, "sources", `${name}.go`), "utf8") };
}

/**
 * The path of a program: etcd, the API server and kubectl from `KUBEBUILDER_ASSETS` when set, all
 * others from the cache, where they are built when they are missing.
 *
 * @throws with what to install, or with the compiler's words
 */
export async function binary(name: Binary): Promise<string> {
  const asset = await kubebuilderAsset(name);
  if (asset !== undefined) return asset;
  const [built = ""] = await goBuild(moduleOf(name), [{ name, ...PROGRAMS[name] }]);
  return built;
}

function moduleOf(name: Binary): GoModule {
  return name === "helm" ? HELM_MODULE : MODULE;
}

/**
 * Builds those programs that are missing, all of a module at once: for the whole of the catalog that
 * takes about 6 minutes on 2 cores, one by one it takes 25.
 *
 * @throws as `binary` does, when every module has been tried
 */
export async function buildBinaries(names: Iterable<Binary>): Promise<void> {
  const toBuild = new Map<GoModule, GoProgram[]>();
  for (const name of new Set(names)) {
    if ((await kubebuilderAsset(name)) !== undefined) continue;
    const module = moduleOf(name);
    toBuild.set(module, [...(toBuild.get(module) ?? []), { name, ...PROGRAMS[name] }]);
  }
  const problems: unknown[] = [];
  for (const [module, programs] of toBuild) {
    await goBuild(module, programs).catch((error: unknown) => problems.push(error));
  }
  if (problems.length > 0) throw problems[0];
}
