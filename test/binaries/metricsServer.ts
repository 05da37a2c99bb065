import { goBuild } from "./goBuild.ts";

/** The path of `metrics-server`, built when the cache does not hold it: about 3 minutes on 2 cores. */
export function metricsServerBinary(): Promise<string> {
  return goBuild({
    name: "metrics-server",
    module: "sigs.k8s.io/metrics-server",
    version: "v0.9.0",
    mainPackage: "sigs.k8s.io/metrics-server/cmd/metrics-server",
  });
}
