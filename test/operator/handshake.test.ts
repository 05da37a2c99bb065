import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { McpServer as OldServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { afterEach, expect, test } from "vitest";
import { handshake } from "../../src/observe/handshake.ts";
import type { Handshake } from "../../src/model/budgetSnapshot.ts";
import { freePort } from "../parts/ports.ts";
import { systemRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { virtualRuntime } from "../runtime/virtualRuntime.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<number> {
  const server = createServer((request, response) => void answer(request, response));
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return portOf(server);
}

function portOf(server: { readonly address: () => string | AddressInfo | null }): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function greet(port: number, runtime: Runtime = systemRuntime): Promise<Handshake> {
  const endpoint = { pod: "author-0", host: "127.0.0.1", port, path: "/mcp" };
  return handshake(endpoint, runtime, new AbortController().signal);
}

test("a server of 2026-07-28 is asked without a session", async () => {
  const handler = createMcpHandler(() => new McpServer({ name: "modern", version: "1.0.0" }));
  const asked: string[] = [];
  const server = serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      asked.push(`${request.method} ${request.headers.get("mcp-method")}`);
      return handler.fetch(request);
    },
  });
  await once(server, "listening");
  expect(await greet(portOf(server))).toEqual({
    ok: true,
    protocolVersion: "2026-07-28",
    serverName: "modern",
    pod: "author-0",
  });
  expect(asked).toEqual(["POST server/discover"]);
  server.close();
});

test("a server of 2025 gets a session, which is ended", async () => {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const methods: (string | undefined)[] = [];
  const port = await listen(async (request, response) => {
    methods.push(request.method);
    const id = String(request.headers["mcp-session-id"]);
    let transport = sessions.get(id);
    if (transport === undefined) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (session) => void sessions.set(session, made),
        onsessionclosed: (session) => void sessions.delete(session),
      });
      const made = transport;
      await new OldServer({ name: "old", version: "1.0.0" }).connect(transport);
    }
    await transport.handleRequest(request, response);
  });
  const answer = await greet(port);
  expect(answer).toMatchObject({ ok: true, serverName: "old" });
  expect(answer.ok && answer.protocolVersion).toMatch(/^2025-/);
  expect(methods.at(-1)).toBe("DELETE");
  expect(methods).not.toContain("GET");
  expect(sessions.size).toBe(0);
});

test("what is no MCP server says why, in one short line", async () => {
  const port = await listen((_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<p>hello</p>".repeat(1000));
  });
  const answer = await greet(port);
  expect(answer).toMatchObject({ ok: false, pod: "author-0" });
  expect(!answer.ok && answer.message).toMatch(
    new RegExp(`^http://127.0.0.1:${port}/mcp: .{5,210}$`),
  );
});

test("a redirect is not followed", async () => {
  let reached = 0;
  const other = await listen((_, response) => {
    reached += 1;
    response.end();
  });
  const port = await listen((_, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${other}/mcp` }).end();
  });
  expect(await greet(port)).toMatchObject({ ok: false });
  expect(reached).toBe(0);
});

test("nothing that listens", async () => {
  expect(await greet(await freePort())).toEqual({
    ok: false,
    pod: "author-0",
    message: expect.stringMatching(/^http:\S+\/mcp: .*ECONNREFUSED/),
  });
});

test.each([
  ["that never answers", () => {}],
  [
    "whose answer never ends",
    (response: ServerResponse) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    },
  ],
])("one %s, by the clock of the runtime", async (_, begin) => {
  const runtime = virtualRuntime();
  const asked = Promise.withResolvers<ServerResponse>();
  const port = await listen((_request, response) => {
    begin(response);
    asked.resolve(response);
  });
  const greeting = greet(port, runtime);
  const closed = once(await asked.promise, "close");
  await runtime.pass(5000);

  expect(await greeting).toMatchObject({
    ok: false,
    message: expect.stringMatching(/no handshake within 5 s$/),
  });
  await closed;
});

test("an answer without an end is not read for ever", async () => {
  const port = await listen((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const more = setInterval(() => response.write("x".repeat(300_000)), 1);
    response.on("close", () => clearInterval(more));
  });
  expect(await greet(port)).toMatchObject({ ok: false });
});
