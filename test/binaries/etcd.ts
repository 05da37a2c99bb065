import { goBuild } from "./goBuild.ts";
import { kubebuilderAsset } from "./kubebuilderAssets.ts";

/**
 * The path of `etcd`: from `KUBEBUILDER_ASSETS` when set, else built when the cache does not hold
 * it, which takes about 40 s on 2 cores.
 */
export async function etcdBinary(): Promise<string> {
  const asset = await kubebuilderAsset("etcd");
  if (asset !== undefined) return asset;
  return goBuild({
    name: "etcd",
    module: "go.etcd.io/etcd/server/v3",
    version: "v3.6.8",
    mainPackage: "go.etcd.io/etcd/server/v3",
  });
}
