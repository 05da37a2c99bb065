import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** The HTTP requests that a server works on. */
export interface Exchanges {
  inFlight(): number;
  /** When the last one came; -Infinity: none has. */
  lastAtMs(): number;
  /** Has every response from now on end its connection, so that clients go elsewhere. */
  closeConnections(): void;
}

/**
 * Follows the requests of a server, until their responses are sent or their clients gone. Streams
 * that wait for news, and end when the server does, are not counted: GET of the older protocol, and
 * subscriptions of the newer.
 *
 * @param nowMs a clock that never goes back
 */
export function exchanges(server: Server, nowMs: () => number): Exchanges {
  let running = 0;
  let lastAtMs = -Infinity;
  let isClosing = false;
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    if (isClosing) response.setHeader("Connection", "close");
    if (request.method !== "POST" || request.headers["mcp-method"] === "subscriptions/listen")
      return;
    running += 1;
    lastAtMs = nowMs();
    response.once("close", () => {
      running -= 1;
    });
  });
  return {
    inFlight: () => running,
    lastAtMs: () => lastAtMs,
    closeConnections: () => {
      isClosing = true;
    },
  };
}
