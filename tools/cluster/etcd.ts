import { join } from "node:path";

import { Client } from "undici";

import { binary } from "../binaries/catalog.ts";
import { type RunningProcess, startProcess } from "../processes/processes.ts";

/** A running etcd. */
interface Etcd {
  /** For `kube-apiserver --etcd-servers`. */
  readonly url: string;
  readonly process: RunningProcess;
  /** Forgets all history: only what is now can be read. */
  readonly compact: () => Promise<void>;
}

/**
 * Starts an etcd that listens on unix sockets alone, so that it takes no port and nobody but the
 * folder's owner reaches it. It may not take requests yet when this returns; clients try again.
 *
 * @param dir an empty folder for its data and sockets
 */
export async function startEtcd(dir: string): Promise<Etcd> {
  const socketPath = join(dir, "client.sock");
  const url = `unix://${socketPath}`;
  const process = await startProcess({
    command: await binary("etcd"),
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
  let compacted: string | undefined;
  const compact = async () => {
    // Whatever there is: the answer's header tells the revision.
    const { header } = await ask(socketPath, "/v3/kv/range", { key: btoa("/") });
    if (header?.revision === compacted) return;
    compacted = header?.revision;
    await ask(socketPath, "/v3/kv/compaction", { revision: compacted, physical: true });
  };
  return { url, process, compact };
}

interface EtcdAnswer {
  readonly header?: { readonly revision: string };
}

/** By etcd's gateway for JSON, which takes bytes in base64. */
async function ask(socketPath: string, path: string, body: object): Promise<EtcdAnswer> {
  const client = new Client("http://localhost", { socketPath });
  try {
    const answer = await client.request({ method: "POST", path, body: JSON.stringify(body) });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`etcd: ${path}: ${text}`);
    return JSON.parse(text);
  } finally {
    await client.close();
  }
}
