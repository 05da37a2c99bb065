import { once } from "node:events";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";

/**
 * Serves /metrics, /livez and /readyz on all addresses.
 *
 * @throws when the port is taken
 */
export async function startHttpServer(port: number, metrics: Metrics, health: Health) {
  const app = new Hono();
  app.get("/metrics", async ({ body }) =>
    body(await metrics.text(), 200, { "content-type": metrics.contentType }),
  );
  for (const [path, problems] of [
    ["/livez", health.dead],
    ["/readyz", health.missing],
  ] as const) {
    app.get(path, ({ text }) => {
      const found = problems();
      return found.length === 0 ? text("ok\n") : text(`${found.join("\n")}\n`, 503);
    });
  }
  const server = serve({ fetch: app.fetch, port });
  await once(server, "listening");
  const address = server.address();
  return {
    /** The port on which it listens. With port 0 the system chooses one. */
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
