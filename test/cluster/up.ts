// Started as: npm run cluster
//
// Brings up a cluster for whoever works on weir, and keeps it until Ctrl-C.
import { once } from "node:events";

import { startOwnRealCluster } from "./realCluster.ts";

const startedMs = performance.now();
const cluster = await startOwnRealCluster();
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
process.stdout.write(`The cluster is up after ${seconds} s. In another shell:

  export KUBECONFIG=${cluster.kubeconfigPath}
  export USE_EXISTING_CLUSTER=true    # for the tests to use it

It is gone after Ctrl-C.
`);
await Promise.race(["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => once(process, signal)));
await cluster.stop();
process.exit();
