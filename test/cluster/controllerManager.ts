import { binary } from "../../tools/binaries/catalog.ts";
import { type RunningProcess, startProcess } from "../../tools/processes/processes.ts";

/** The files that tie a controller manager to its API server. */
interface ControllerManagerFiles {
  readonly kubeconfigPath: string;
  /** The private key whose signature on ServiceAccount tokens the API server trusts. */
  readonly serviceAccountKeyPath: string;
  /** What pods are told to trust when they call the API server. */
  readonly caPath: string;
}

/** Starts the controllers of Kubernetes, which work as soon as their caches are filled. */
export async function startControllerManager({
  kubeconfigPath,
  serviceAccountKeyPath,
  caPath,
}: ControllerManagerFiles): Promise<RunningProcess> {
  return startProcess({
    command: await binary("kube-controller-manager"),
    args: [
      `--kubeconfig=${kubeconfigPath}`,
      `--service-account-private-key-file=${serviceAccountKeyPath}`,
      `--root-ca-file=${caPath}`,
      "--leader-elect=false",
      // Nobody asks it anything: no port.
      "--secure-port=0",
      // Its own limit of 20 requests a second would make thousands of pods a matter of minutes.
      "--kube-api-qps=1000",
      "--kube-api-burst=2000",
      // A fake node that is late, or whose API server is restarted on a busy machine, is not dead: its
      // pods would not be Ready any more, and it tells that once.
      "--node-monitor-grace-period=1h",
      // Pods of a fake node have loopback addresses, which no endpoint may have.
      "--controllers=*,-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller",
    ],
  });
}
