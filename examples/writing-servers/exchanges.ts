import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** The HTTP requests that a server works on. */
export interface Exchanges {
  inFlight(): number;
  /** Has every response from now on end its connection, so that clients go elsewhere. */
  closeConnections(): void;
}

/**
 * Follows the requests of a server, until their responses are sent or their clients gone. Streams
 * that wait for news, and end when the server does, are not counted: GET of the older protocol, and
 * subscriptions of the newer.
 */
export function exchanges(server: Server): Exchanges {
  let running = 0;
  let isClosing = false;
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    if (isClosing) response.setHeader("Connection", "close");
    if (request.method !== "POST" || request.headers["mcp-method"] === "subscriptions/listen")
      return;
    running += 1;
    response.once("close", () => {
      running -= 1;
    });
  });
  return {
    inFlight: () => running,
    closeConnections: () => {
      isClosing = true;
    },
  };
}
