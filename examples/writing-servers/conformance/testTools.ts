import { setTimeout as sleep } from "node:timers/promises";
import type { CallToolResult, McpServer, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { PNG, WAV } from "./media.ts";

const STEP_MS = 50;

const image = { type: "image", data: PNG, mimeType: "image/png" } as const;
const audio = { type: "audio", data: WAV, mimeType: "audio/wav" } as const;

const address = z.object({ street: z.string(), city: z.string() }).meta({ id: "address" });
const person = z.strictObject({ name: z.string().optional(), address: address.optional() });

/** Tools that answer with each kind of content, and tell of themselves while they run. */
export function offerTestTools(server: McpServer): void {
  offer(server, "test_simple_text", () => text("This is a simple text response for testing."));
  offer(server, "test_image_content", () => ({ content: [image] }));
  offer(server, "test_audio_content", () => ({ content: [audio] }));
  offer(server, "test_embedded_resource", () => ({
    content: [embedded("test://embedded-resource", "text/plain", "An embedded resource.")],
  }));
  offer(server, "test_multiple_content_types", () => ({
    content: [
      { type: "text", text: "Multiple content types test:" },
      image,
      embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ],
  }));
  offer(server, "test_error_handling", () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  offer(server, "test_tool_with_logging", async ({ mcpReq }) => {
    await mcpReq.log("info", "Tool execution started");
    await sleep(STEP_MS);
    await mcpReq.log("info", "Tool processing data");
    await sleep(STEP_MS);
    await mcpReq.log("info", "Tool execution completed");
    return text("Logged three times");
  });
  offer(server, "test_tool_with_progress", async (context) => {
    for (const progress of [0, 50, 100]) {
      await tellProgress(context, progress);
      await sleep(STEP_MS);
    }
    return text("All done");
  });
  offer(server, "test_reconnection", async ({ http }) => {
    http?.closeSSE?.();
    await sleep(STEP_MS);
    return text("Answered after the stream was closed");
  });
  server.registerTool(
    "json_schema_2020_12_tool",
    { description: "Tool with JSON Schema 2020-12 features", inputSchema: person },
    ({ name }) => text(`Hello ${name ?? "there"}`),
  );
}

/** Registers a tool without arguments. */
function offer(
  server: McpServer,
  name: string,
  run: (context: ServerContext) => CallToolResult | Promise<CallToolResult>,
): void {
  server.registerTool(name, { description: `Answers the scenario of ${name}.` }, run);
}

/** Plain text, as a tool's result. */
export function text(said: string): CallToolResult {
  return { content: [{ type: "text", text: said }] };
}

function embedded(uri: string, mimeType: string, content: string) {
  return { type: "resource", resource: { uri, mimeType, text: content } } as const;
}

async function tellProgress({ mcpReq }: ServerContext, progress: number): Promise<void> {
  const { _meta: meta } = mcpReq;
  const progressToken = meta?.progressToken;
  if (progressToken === undefined) return;
  await mcpReq.notify({
    method: "notifications/progress",
    params: { progressToken, progress, total: 100 },
  });
}
