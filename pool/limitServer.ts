import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import type { PoolLog } from "./log.ts";
import { MOST_PROCESSES } from "./names.ts";

/** What a process that runs is asked by the operator and by Prometheus. */
interface LimitServerSpec {
  /** The first port to try; 0: any. */
  readonly port: number;
  readonly log: PoolLog;
  /** The limit that the pool now believes, and the connections that it has. */
  readonly limit: () => { readonly limit: number; readonly open: number };
  readonly metrics: () => string;
}

/** Serves /limit and /metrics. */
export interface LimitServer {
  /** Where; undefined when no port could be had. */
  readonly port: Promise<number | undefined>;
  readonly stop: () => Promise<void>;
}

/**
 * Begins to serve, on the first port that none of the pod's other processes has. A pool whose port
 * can't be had works on, and says so in its log: the operator then counts it at its largest limit.
 */
export function serveLimit(spec: LimitServerSpec): LimitServer {
  const server = createServer((request, response) => answer(spec, request, response));
  // The server does not keep the process alive.
  server.unref();
  const port = listen(server, spec);
  return {
    port,
    // Not before it listens, or has given up: it would begin after its end.
    stop: async () => {
      await port;
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(spec: LimitServerSpec, { url, method }: IncomingMessage, to: ServerResponse): void {
  const path = url?.split("?")[0];
  if (method !== "GET" && method !== "HEAD") send(to, 405, "text/plain", "only GET\n");
  else if (path === "/limit") {
    const { limit, open } = spec.limit();
    send(to, 200, "application/json", `${JSON.stringify({ limit, open, pid: process.pid })}\n`);
  } else if (path === "/metrics") {
    send(to, 200, "text/plain; version=0.0.4; charset=utf-8", spec.metrics());
  } else send(to, 404, "text/plain", "there are /limit and /metrics\n");
}

function send(to: ServerResponse, status: number, type: string, text: string): void {
  to.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  to.end(text);
}

async function listen(server: Server, { port, log }: LimitServerSpec): Promise<number | undefined> {
  const last = port === 0 ? 0 : Math.min(port + MOST_PROCESSES - 1, 65_535);
  for (let tried = port; ; tried += 1) {
    try {
      // The workers of a node:cluster would share the port, and answer for each other.
      server.listen({ port: tried, exclusive: true });
      await once(server, "listening");
      // A socket that fails later is Node's to close.
      server.on("error", () => {});
      const address = server.address();
      return typeof address === "object" ? address?.port : undefined;
    } catch (error) {
      const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      if (isTaken && tried < last) continue;
      const message = error instanceof Error ? error.message : "it can't listen";
      log({ level: "error", message: `/limit is not served: ${message}`, port: tried });
      return undefined;
    }
  }
}
