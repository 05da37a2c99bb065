// A server whose processes are the workers of node:cluster. Says on which ports they answer, and ends.
import cluster from "node:cluster";

import { serveLimit } from "../../pool/limitServer.ts";

const WORKERS = 3;

if (cluster.isPrimary) {
  const ports: unknown[] = [];
  cluster.on("message", (_, port) => {
    ports.push(port);
    if (ports.length < WORKERS) return;
    process.stdout.write(JSON.stringify(ports));
    process.exit();
  });
  for (let worker = 0; worker < WORKERS; worker += 1) cluster.fork();
} else {
  const { port } = serveLimit({
    port: Number(process.argv[2]),
    log: () => {},
    limit: () => ({ limit: 1, open: 0 }),
    metrics: String,
  });
  process.send?.(await port);
}
