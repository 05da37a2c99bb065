import { Client as V2Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as V1Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as V1Transport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modernClient, MODERN } from "./mcpClients.ts";
import { startReady, startStudio, type Studio, type WritingServer } from "./studio.ts";

const LAST_WITH_SESSIONS = "2025-11-25";
const NAME = { name: "weir-test", version: "0.1.0" };
const ADD = { name: "create_author", arguments: { name: "Ines" } };
const LIST = { name: "list_authors", arguments: {} };

let studio: Studio;
let server: WritingServer;

beforeAll(async () => {
  studio = await startStudio();
  server = await startReady(studio, { name: "author" });
});

afterAll(async () => {
  await server.process.stop("SIGKILL");
  await studio.stop();
});

/** One message of the older protocol, by hand. */
function post(body: Record<string, unknown>, headers: Record<string, string> = {}) {
  return fetch(server.url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...body }),
  });
}

const INITIALIZE = {
  method: "initialize",
  params: { protocolVersion: LAST_WITH_SESSIONS, capabilities: {}, clientInfo: NAME },
};

describe("a client of SDK v1", () => {
  it("initializes, lists and calls in a session", async () => {
    const client = new V1Client(NAME);
    const transport = new V1Transport(server.url);
    await client.connect(transport);
    expect(client.getServerVersion()).toEqual({ name: "author-server", version: "0.1.0" });
    expect(transport.sessionId).toMatch(/^[0-9a-f-]{36}$/);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("list_authors");
    expect(await client.callTool(ADD)).toMatchObject({ structuredContent: { name: "Ines" } });
    expect(await client.callTool(LIST)).toMatchObject({
      structuredContent: { items: [{ name: "Ines" }] },
    });
    await transport.terminateSession();
    await client.close();
  });

  it("hears that a session is over, and initializes again", async () => {
    const client = new V1Client(NAME);
    const transport = new V1Transport(server.url);
    await client.connect(transport);
    const { sessionId = "" } = transport;
    await transport.terminateSession();
    await client.close();

    const late = await post({ method: "tools/list" }, { "Mcp-Session-Id": sessionId });
    expect(late.status).toBe(404);
    expect(await late.json()).toMatchObject({
      error: { message: expect.stringContaining("initialize") },
    });

    const again = await post(INITIALIZE);
    expect(again.status).toBe(200);
    expect(again.headers.get("mcp-session-id")).not.toBe(sessionId);
    await again.body?.cancel();
  });

  it("without initialize is refused, and costs no session", async () => {
    const answer = await post({ method: "tools/list" });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("mcp-session-id")).toBeNull();
  });
});

describe("a client of SDK v2", () => {
  it("that speaks the newest protocol alone discovers, lists and calls without a session", async () => {
    const client = await modernClient(server);
    expect(client.getNegotiatedProtocolVersion()).toBe(MODERN);
    expect(client.getServerVersion()).toMatchObject({ name: "author-server" });
    const { tools } = await client.listTools();
    expect(tools).toContainEqual(
      expect.objectContaining({
        name: "delete_author",
        annotations: expect.objectContaining({ destructiveHint: true, readOnlyHint: false }),
        inputSchema: expect.objectContaining({ required: ["id"] }),
        outputSchema: expect.objectContaining({ type: "object" }),
      }),
    );
    expect(await client.callTool(LIST)).toMatchObject({
      structuredContent: { items: [{ id: 1 }] },
    });
    await client.close();
  });

  it("that takes what it is offered takes the newest, and another of it the older", async () => {
    const versions = [];
    for (const mode of ["auto", "legacy"] as const) {
      const client = new V2Client(NAME, { versionNegotiation: { mode } });
      await client.connect(new StreamableHTTPClientTransport(server.url));
      versions.push(client.getNegotiatedProtocolVersion());
      expect(await client.callTool(LIST)).toMatchObject({
        structuredContent: { items: [{ id: 1 }] },
      });
      await client.close();
    }
    expect(versions).toEqual([MODERN, LAST_WITH_SESSIONS]);
  });

  it("may keep the list of tools for everybody", async () => {
    const answer = await post(
      {
        method: "tools/list",
        params: {
          _meta: {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": NAME,
            "io.modelcontextprotocol/clientCapabilities": {},
          },
        },
      },
      { "MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list" },
    );
    expect(await answer.json()).toMatchObject({ result: { ttlMs: 300_000, cacheScope: "public" } });
  });
});

describe("a connection", () => {
  it("stays open longer than a client is busy with an answer", async () => {
    const { headers } = await fetch(new URL("/livez", server.origin));
    expect(headers.get("keep-alive")).toBe("timeout=75");
  });
});

describe("a page in a browser", () => {
  it("is let in from this machine, and from nowhere else, whatever name it came by", async () => {
    const statuses = [];
    for (const Origin of [
      "http://localhost:5173",
      "http://evil.example",
      `http://evil.example:${server.url.port}`,
    ]) {
      const answer = await post(INITIALIZE, { Origin });
      statuses.push(answer.status);
      await answer.body?.cancel();
    }
    expect(statuses).toEqual([200, 403, 403]);
  });
});

describe("a message that is longer than any tool needs", () => {
  it("is refused, with its length told or in pieces", async () => {
    const { origin, url } = server;
    const long = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "x".repeat(2_000_000) });
    // What is left of it is not read: nobody else is to use the connection.
    const headers = {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Connection: "close",
    };
    // A client that still sends may be cut off before it has read the answer.
    const statusOf = (request: RequestInit) =>
      fetch(url, { method: "POST", headers, ...request }).then(
        ({ status }) => status,
        () => "cut off",
      );
    await expect.poll(() => statusOf({ body: long })).toBe(413);
    const inPieces = () => statusOf({ body: new Blob([long]).stream(), duplex: "half" });
    await expect.poll(inPieces).toBe(413);
    expect((await fetch(`${origin}/livez`)).status).toBe(200);
  });
});
