// Started as: npm run cluster
//
// Brings up a cluster for whoever works on weir, and keeps it until Ctrl-C. Where it ends by itself,
// it says why.
import { once } from "node:events";

import { startNewCluster } from "./newCluster.ts";

const startedMs = performance.now();
const cluster = await startNewCluster();
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
process.stdout.write(`The cluster is up after ${seconds} s. In another shell:

  export KUBECONFIG=${cluster.kubeconfigPath}
  export USE_EXISTING_CLUSTER=true    # for the tests to use it

It is gone after Ctrl-C.
`);
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
const first = await Promise.race([
  cluster.ended,
  ...signals.map((signal) => once(process, signal).then(() => undefined)),
]);
if (first !== undefined) process.stderr.write(`The cluster has ended by itself: ${first}\n`);
await cluster.stop();
process.exit(first === undefined ? 0 : 1);
