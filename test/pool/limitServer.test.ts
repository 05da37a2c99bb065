import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { serveLimit, type LimitServer } from "../../pool/limitServer.ts";
import { portsInARow } from "../parts/ports.ts";
import { runProcess } from "../../tools/processes/processes.ts";
import { quietLog } from "./quietLog.ts";

const servers: LimitServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

function serve(port: number, log = quietLog().log): LimitServer {
  const server = serveLimit({
    port,
    log,
    limit: () => ({ limit: 3, open: 2 }),
    metrics: () => "weir_pool_limit 3\n",
  });
  servers.push(server);
  return server;
}

describe("what a process is asked", () => {
  it("is answered at /limit and /metrics, and nowhere else", async () => {
    const port = await serve(0).port;
    const at = (path: string, method = "GET") =>
      fetch(`http://127.0.0.1:${port}${path}`, { method });
    const limit = await at("/limit");
    expect(limit.headers.get("content-type")).toBe("application/json");
    expect(await limit.json()).toEqual({ limit: 3, open: 2, pid: process.pid });
    const metrics = await at("/metrics?name=x");
    expect(metrics.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    expect(await metrics.text()).toBe("weir_pool_limit 3\n");
    expect((await at("/")).status).toBe(404);
    expect((await at("/limit", "POST")).status).toBe(405);
  });

  it("is answered by each process of a pod at a port of its own, one after the other", async () => {
    const first = await portsInARow(3);
    // The pod's processes begin at the same time.
    const ports = await Promise.all([serve(first), serve(first), serve(first)].map((s) => s.port));
    expect(new Set(ports)).toEqual(new Set([first, first + 1, first + 2]));
  });

  it("is answered by each worker of a node:cluster, and by none for another", async () => {
    const first = await portsInARow(3);
    const program = join(import.meta.dirname, "clusterOfServers.ts");
    const said = await runProcess({ command: process.execPath, args: [program, String(first)] });
    const ports: number[] = JSON.parse(said);
    expect(new Set(ports)).toEqual(new Set([first, first + 1, first + 2]));
  });

  it("is not answered any more by one that was stopped before it had a port", async () => {
    const first = await portsInARow(2);
    await serve(first).port;
    const server = serve(first);
    await server.stop();
    expect(await server.port).toBe(first + 1);
    await expect(fetch(`http://127.0.0.1:${first + 1}/limit`)).rejects.toThrow("fetch failed");
  });

  it("is not answered where no port can be had, which is logged and ends nobody", async () => {
    const taken = createServer().listen(65_535);
    await once(taken, "listening");
    const { lines, log } = quietLog();
    expect(await serve(65_535, log).port).toBeUndefined();
    expect(lines).toMatchObject([{ level: "error", port: 65_535 }]);
    taken.close();
    await once(taken, "close");
  });
});
