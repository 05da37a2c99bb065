// The programs of all server pods in one process: each answers MCP at its pod's address, and holds
// connections that come from there, as it is told over IPC.
import { once } from "node:events";
import { createServer, type Server } from "node:http";

import { getRequestListener } from "@hono/node-server";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";

import { heldConnections, type HeldConnections } from "./heldConnections.ts";
import type { Answered, NumberedOrder, PodOrder, PodProgramSpec, PodReport } from "./podOrders.ts";

interface ListeningProgram {
  readonly connections: HeldConnections;
  readonly server: Server;
}

const programs = new Map<string, ListeningProgram>();

async function obey(order: PodOrder): Promise<PodReport> {
  if (order.does === "start") {
    const { program } = order;
    const started = { connections: heldConnections(program), server: await listen(program) };
    programs.set(program.pod, started);
    return started.connections.report();
  }
  const { connections, server } = programOf(order.pod);
  if (order.does === "stop") {
    programs.delete(order.pod);
    connections.drop();
    server.close();
    server.closeAllConnections();
  } else if (order.does === "load") {
    await connections.carry(order.load);
  }
  return connections.report();
}

function programOf(pod: string): ListeningProgram {
  const program = programs.get(pod);
  if (program === undefined) throw new Error(`no program runs in pod ${pod}`);
  return program;
}

/** Both eras of the protocol, stateless, with one tool. */
async function listen({ address, port, path, serverName }: PodProgramSpec): Promise<Server> {
  const mcp = createMcpHandler(() => {
    const server = new McpServer({ name: serverName, version: "1.0.0" });
    server.registerTool("ping", { description: "Answers pong" }, () => ({
      content: [{ type: "text", text: "pong" }],
    }));
    return server;
  });
  const listener = getRequestListener((request) =>
    new URL(request.url).pathname === path
      ? mcp.fetch(request)
      : new Response(null, { status: 404 }),
  );
  const server = createServer((...exchange) => void listener(...exchange)).listen(port, address);
  await once(server, "listening");
  return server;
}

async function answer({ id, order }: NumberedOrder): Promise<void> {
  let answered: Answered;
  try {
    answered = { id, report: await obey(order) };
  } catch (error) {
    answered = { id, error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(answered);
}

process.on("message", (asked: NumberedOrder) => void answer(asked));
process.on("disconnect", () => process.exit());
