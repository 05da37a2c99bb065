import { randomUUID } from "node:crypto";
import {
  WebStandardStreamableHTTPServerTransport,
  type EventStore,
  type McpServer,
} from "@modelcontextprotocol/server";

const MOST_SESSIONS = 1000;
const IDLE_MS = 600_000;
const SWEEP_MS = 60_000;
const SESSION_HEADER = "mcp-session-id";

/** Serves clients of 2025-11-25 and before, which initialize and keep a session. */
export interface Sessions {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Ends all sessions with their streams. */
  close(): Promise<void>;
}

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  usedAtMs: number;
}

/**
 * Sessions live in this process alone, and hold no connection of the pool. One that is not known
 * (any more: its process was replaced, or it was idle for ten minutes, or a thousand are newer) is
 * answered 404, upon which a client initializes again.
 *
 * @param eventStore makes streams resumable; without one a client that lost a stream calls again
 */
export function sessions(newServer: () => McpServer, eventStore?: EventStore): Sessions {
  // The longest unused first: used again, a session moves to the end.
  const known = new Map<string, Session>();
  const sweep = setInterval(() => forgetIdle(known), SWEEP_MS);

  async function open(request: Request): Promise<Response> {
    const transport: WebStandardStreamableHTTPServerTransport =
      new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => {
          known.set(id, { transport, usedAtMs: performance.now() });
          forgetMost(known);
        },
        onsessionclosed: (id) => {
          known.delete(id);
        },
        ...(eventStore !== undefined && { eventStore, retryInterval: 100 }),
      });
    const server = newServer();
    await server.connect(transport);
    const response = await transport.handleRequest(request);
    // Anything but initialize was refused by the transport.
    if (transport.sessionId === undefined) await server.close();
    return response;
  }

  return {
    fetch: async (request) => {
      const id = request.headers.get(SESSION_HEADER);
      if (id === null) return open(request);
      const session = known.get(id);
      if (session === undefined) return unknownSession();
      known.delete(id);
      session.usedAtMs = performance.now();
      known.set(id, session);
      return session.transport.handleRequest(request);
    },
    close: async () => {
      clearInterval(sweep);
      await Promise.all([...known.values()].map(({ transport }) => transport.close()));
      known.clear();
    },
  };
}

function forgetIdle(known: Map<string, Session>): void {
  for (const [id, { usedAtMs }] of known) {
    if (performance.now() - usedAtMs < IDLE_MS) return;
    forget(known, id);
  }
}

function forgetMost(known: Map<string, Session>): void {
  for (const id of known.keys()) {
    if (known.size <= MOST_SESSIONS) return;
    forget(known, id);
  }
}

function forget(known: Map<string, Session>, id: string): void {
  void known.get(id)?.transport.close();
  known.delete(id);
}

function unknownSession(): Response {
  const error = { code: -32_001, message: "Session not found: initialize again" };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
}
