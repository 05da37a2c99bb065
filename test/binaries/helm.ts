import { goBuild } from "./goBuild.ts";

/** The path of `helm`, built when the cache does not hold it: about 2 minutes on 2 cores. */
export function helmBinary(): Promise<string> {
  return goBuild({
    name: "helm",
    module: "helm.sh/helm/v4",
    version: "v4.3.1",
    mainPackage: "helm.sh/helm/v4/cmd/helm",
    variables: { "helm.sh/helm/v4/internal/version.version": "v4.3.1" },
  });
}
