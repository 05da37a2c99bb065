import { goBuild } from "./goBuild.ts";
import { type KubebuilderAsset, kubebuilderAsset } from "./kubebuilderAssets.ts";

/** A program of Kubernetes' own repository. */
export type KubernetesProgram =
  | KubebuilderProgram
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubelet"
  | "kube-proxy";

type KubebuilderProgram = Exclude<KubebuilderAsset, "etcd">;

const MINOR = 36;
const PATCH = 3;
const VERSION = `v1.${MINOR}.${PATCH}`;
// The modules of the repository itself carry the same minor and patch below v0.
const STAGING_VERSION = `v0.${MINOR}.${PATCH}`;

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

/**
 * The path of a program of Kubernetes: the API server and kubectl from `KUBEBUILDER_ASSETS` when
 * set, else built when the cache does not hold it. The first build takes 3 to 6 minutes on 2
 * cores, the others less, since they share most packages.
 */
export async function kubernetesBinary(name: KubernetesProgram): Promise<string> {
  if (name === "kube-apiserver" || name === "kubectl") {
    const asset = await kubebuilderAsset(name);
    if (asset !== undefined) return asset;
  }
  return goBuild({
    name,
    module: "k8s.io/kubernetes",
    version: VERSION,
    mainPackage: `k8s.io/kubernetes/cmd/${name}`,
    replacements: Object.fromEntries(
      STAGING_MODULES.map((module) => [`k8s.io/${module}`, STAGING_VERSION]),
    ),
    variables: versionVariables(),
  });
}

/** Unstamped, the version reads `v0.0.0-master+$Format:%H$`, which clients reject. */
function versionVariables(): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const path of ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]) {
    variables[`${path}.gitVersion`] = VERSION;
    variables[`${path}.gitMajor`] = "1";
    variables[`${path}.gitMinor`] = `${MINOR}`;
  }
  return variables;
}
