import { join } from "node:path";

import { etcdBinary } from "../binaries/etcd.ts";
import { type RunningProcess, startProcess } from "../parts/processes.ts";

/** A running etcd. */
export interface Etcd {
  /** For `kube-apiserver --etcd-servers`. */
  readonly url: string;
  readonly process: RunningProcess;
}

/**
 * Starts an etcd that listens on unix sockets alone, so that it takes no port and nobody but the
 * folder's owner reaches it. It may not take requests yet when this returns; clients try again.
 *
 * @param dir an empty folder for its data and sockets
 */
export async function startEtcd(dir: string): Promise<Etcd> {
  const url = `unix://${join(dir, "client.sock")}`;
  const process = await startProcess({
    command: await etcdBinary(),
    args: [
      `--data-dir=${join(dir, "data")}`,
      `--listen-client-urls=${url}`,
      `--listen-peer-urls=unix://${join(dir, "peer.sock")}`,
      // Must be a host and port, and is only told to other members, of which there are none.
      "--advertise-client-urls=http://localhost:2379",
      // What a test wrote need not survive a power cut.
      "--unsafe-no-fsync",
      "--log-level=warn",
    ],
  });
  return { url, process };
}
