import { McpServer } from "@modelcontextprotocol/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sessions, type Sessions } from "../../examples/writing-servers/sessions.ts";

const MOST = 1000;
const MINUTE_MS = 60_000;

let open: Sessions | undefined;

afterEach(async () => {
  await open?.close();
  vi.useRealTimers();
});

function newSessions(): Sessions {
  open = sessions(
    () => new McpServer({ name: "test", version: "0" }, { capabilities: { tools: {} } }),
  );
  return open;
}

function request(message: object, session?: string): Request {
  return new Request("http://localhost/mcp", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...(session !== undefined && { "Mcp-Session-Id": session }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
  });
}

/** @returns the new session's id */
async function initialize({ fetch }: Sessions): Promise<string> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "0" },
  };
  const response = await fetch(request({ method: "initialize", params }));
  await response.text();
  return response.headers.get("mcp-session-id") ?? "";
}

/** The status that a message of a session gets. */
async function use({ fetch }: Sessions, session: string): Promise<number> {
  const response = await fetch(request({ method: "ping" }, session));
  await response.text();
  return response.status;
}

describe("sessions", () => {
  it("are a thousand at most: the longest unused goes first", async () => {
    const all = newSessions();
    const first = await initialize(all);
    const second = await initialize(all);
    for (let count = 2; count < MOST; count += 1) await initialize(all);
    expect(await use(all, first)).toBe(200);
    await initialize(all);
    expect([await use(all, first), await use(all, second)]).toEqual([200, 404]);
  });

  it("end when they are not used for ten minutes", async () => {
    vi.useFakeTimers();
    const all = newSessions();
    const idle = await initialize(all);
    const used = await initialize(all);
    vi.advanceTimersByTime(6 * MINUTE_MS);
    expect(await use(all, used)).toBe(200);
    vi.advanceTimersByTime(6 * MINUTE_MS);
    expect([await use(all, idle), await use(all, used)]).toEqual([404, 200]);
  });
});
