import {
  Client,
  StreamableHTTPClientTransport,
  type FetchLike,
} from "@modelcontextprotocol/client";
import { Agent, fetch as undiciFetch } from "undici";
import { deadlineOf } from "../runtime/deadline.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { firstLine, truncate } from "../text/wording.ts";
import type { Handshake } from "../model/budgetSnapshot.ts";

/** One MCP endpoint. */
export interface McpEndpoint {
  readonly pod: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** The whole handshake. */
const HANDSHAKE_MS_MAX = 5000;
const BYTES_MAX = 1024 * 1024;
const LENGTH_MAX = 200;

/**
 * Greets an MCP server as a client would: as of 2026-07-28 (`server/discover`), else as of 2025
 * (`initialize`), and takes leave of the session that this one opens. It never GETs, follows no
 * redirect, and keeps no connection.
 *
 * @returns what came of it; it doesn't throw
 */
export async function handshake(
  endpoint: McpEndpoint,
  runtime: Runtime,
  stopped: AbortSignal,
): Promise<Handshake> {
  const { pod, host, port, path } = endpoint;
  const deadline = deadlineOf(runtime, HANDSHAKE_MS_MAX, stopped);
  const over = deadline.signal;
  const agent = new Agent({
    // The deadline says it all; of undici's own limits none is left.
    connect: { timeout: 0, signal: over },
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: BYTES_MAX,
    pipelining: 0,
  });
  const url = new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`);
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: boundedFetch(agent, over),
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: HANDSHAKE_MS_MAX,
      maxReconnectionDelay: HANDSHAKE_MS_MAX,
      reconnectionDelayGrowFactor: 1,
    },
  });
  const client = new Client(
    { name: "weir", version: "0.1.0" },
    { versionNegotiation: { mode: "auto" } },
  );
  try {
    // The client has a timer of its own for each request, which can't be left out.
    const options = { signal: over, timeout: HANDSHAKE_MS_MAX };
    await deadline.race(client.connect(transport, options));
    const protocolVersion = client.getNegotiatedProtocolVersion();
    const server = client.getServerVersion();
    // A server that does not end sessions answers 405 or 404; that is its own concern.
    await transport.terminateSession().catch(() => {});
    if (protocolVersion === undefined) throw new Error("it agreed on no version of the protocol");
    return { ok: true, protocolVersion, serverName: oneLine(server?.name ?? ""), pod };
  } catch (error) {
    return { ok: false, pod, message: `${url.href}: ${whyNot(error, over)}` };
  } finally {
    // Not the client's: it has none until the versions are negotiated.
    await transport.close().catch(() => {});
    await agent.destroy();
    deadline.release();
  }
}

/** Whatever it is asked for, it ends with the handshake. */
function boundedFetch(dispatcher: Agent, over: AbortSignal): FetchLike {
  return async (url, { method = "GET", headers, body, signal } = {}) => {
    // The stream that a client of 2025 listens on: a probe has nothing to hear there.
    if (method === "GET") return new Response(null, { status: 405 });
    const answer = await undiciFetch(url, {
      method,
      headers: [...new Headers(headers)],
      body: typeof body === "string" ? body : null,
      signal: signal ? AbortSignal.any([over, signal]) : over,
      dispatcher,
      redirect: "error",
    });
    // undici's own fetch has a Response of its own, too.
    const { status, statusText } = answer;
    return new Response(answer.body, { status, statusText, headers: [...answer.headers] });
  };
}

function whyNot(error: unknown, over: AbortSignal): string {
  if (over.aborted) return `no handshake within ${HANDSHAKE_MS_MAX / 1000} s`;
  const causes: string[] = [];
  for (let each = error; each instanceof Error && causes.length < 4; each = each.cause) {
    const first = each instanceof AggregateError ? each.errors[0] : each;
    causes.push(first instanceof Error ? first.message : "it failed");
  }
  // The innermost says what happened: `connect ECONNREFUSED 10.0.0.7:3001`.
  return oneLine(causes.at(-1) ?? "it failed");
}

/** The text of another program, shortened for a status. */
function oneLine(text: string): string {
  return truncate(firstLine(text), LENGTH_MAX);
}
