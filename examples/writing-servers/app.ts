import {
  createMcpHandler,
  isLegacyRequest,
  localhostAllowedOrigins,
  originValidationResponse,
  type EventStore,
  type McpServer,
} from "@modelcontextprotocol/server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ProcessMetrics } from "./metrics.ts";
import type { Readiness } from "./readiness.ts";
import { sessions } from "./sessions.ts";

/** Room for the longest text that a tool takes, however it is written. */
const BODY_BYTES_MAX = 1_000_000;

/** What the app serves, and from what. */
interface AppParts {
  readonly mcpPath: string;
  readonly newServer: () => McpServer;
  readonly metrics: Pick<ProcessMetrics, "text" | "contentType">;
  readonly readiness: () => Readiness;
  readonly eventStore?: EventStore | undefined;
}

/** The HTTP side of the process. */
interface App {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Ends streams and sessions; calls that still run are aborted. */
  close(): Promise<void>;
}

/**
 * One path speaks MCP, both eras of it: 2026-07-28 without any state, and before that with sessions.
 *
 * No probe touches the database. A page in a browser, which is what DNS rebinding works with, always
 * says its origin: only this machine's own are let in; programs say none.
 */
export function app(parts: AppParts): App {
  const modern = createMcpHandler(parts.newServer, { legacy: "reject" });
  const legacy = sessions(parts.newServer, parts.eventStore);
  const hono = new Hono();

  hono.get("/livez", (c) => c.text("ok\n"));
  hono.get("/readyz", (c) => {
    const verdict = parts.readiness();
    return verdict.ready ? c.text("ok\n") : c.text(`not ready: ${verdict.reason}\n`, 503);
  });
  hono.get("/metrics", async (c) =>
    c.body(await parts.metrics.text(), 200, { "Content-Type": parts.metrics.contentType }),
  );
  hono.all(parts.mcpPath, bodyLimit({ maxSize: BODY_BYTES_MAX }), async (c) => {
    const request = c.req.raw;
    const refused = originValidationResponse(request, localhostAllowedOrigins());
    if (refused !== undefined) return refused;
    return (await isLegacyRequest(request)) ? legacy.fetch(request) : modern.fetch(request);
  });

  return {
    fetch: (request) => hono.fetch(request),
    close: async () => {
      await Promise.all([modern.close(), legacy.close()]);
    },
  };
}
