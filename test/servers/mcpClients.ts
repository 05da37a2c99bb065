import {
  Client,
  StreamableHTTPClientTransport,
  type CallToolResult,
} from "@modelcontextprotocol/client";
import type { WritingServer } from "./studio.ts";

const NAME = { name: "weir-test", version: "0.1.0" };

/** The protocol's version without sessions. */
export const MODERN = "2026-07-28";

/** A client of SDK v2 that speaks the newest protocol, and no other. */
export async function modernClient({ url }: WritingServer): Promise<Client> {
  const client = new Client(NAME, { versionNegotiation: { mode: { pin: MODERN } } });
  await client.connect(new StreamableHTTPClientTransport(url));
  return client;
}

/** Calls a tool. @returns its structured content @throws what it answers when it fails */
export async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError === true) throw new Error(textOf(result));
  return { ...Object(result.structuredContent) };
}

/** The text of a result. */
function textOf({ content }: Pick<CallToolResult, "content">): string {
  return content.map((part) => (part.type === "text" ? part.text : `(${part.type})`)).join("\n");
}
