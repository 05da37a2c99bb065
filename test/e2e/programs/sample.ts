// Runs in a pod as: sample.ts PORT POOLER=HOST…, with PGPASSWORD of the stats login
//
// Asks each PgBouncer, and the pools of the pods that it is told of, over and over: one process
// beside them for all questions. Asked itself, it gives what it has seen from the beginning. Posted
// to it are the addresses of the pods to ask, by their names.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { samplePooler, type PoolerSeen } from "./poolerSamples.ts";
import { samplePools, type PoolSeen } from "./poolSamples.ts";

/** All that was seen. */
export interface SampleReport {
  /** By the names of the PgBouncers. */
  readonly poolers: Readonly<Record<string, PoolerSeen>>;
  /** By the names of the pods. */
  readonly pools: Readonly<Record<string, PoolSeen>>;
  /** CPU that this program has taken. */
  readonly cpuSeconds: number;
}

const [, , port, ...hosts] = process.argv;
const poolers = Object.fromEntries(
  hosts.map((argument) => {
    const [pooler = "", host = ""] = argument.split("=");
    return [pooler, samplePooler(host)];
  }),
);
const pools = samplePools();

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "POST") pools.ask(JSON.parse(await text(request)));
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const samples: SampleReport = { poolers, pools: pools.seen(), cpuSeconds };
  response.end(JSON.stringify(samples));
}

createServer((request, response) => {
  // A request that breaks off is no end of the sampling.
  serve(request, response).catch(() => response.destroy());
}).listen(Number(port));
process.once("SIGTERM", () => process.exit());
