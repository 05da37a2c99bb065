// Started in a pod as: ask.ts URL TOOL ARGUMENTS
//
// A client of one MCP server, which lists its tools and calls one of them. It prints an AskReport.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

/** What a server answered. */
export interface AskReport {
  readonly tools: readonly string[];
  readonly isError: boolean;
  readonly result: unknown;
}

const MODERN = { versionNegotiation: { mode: { pin: "2026-07-28" } } } as const;

const [, , url = "", name = "", args = "{}"] = process.argv;
const client = new Client({ name: "weir-e2e", version: "0.1.0" }, MODERN);
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
const { tools } = await client.listTools();
const { isError = false, structuredContent } = await client.callTool({
  name,
  arguments: JSON.parse(args),
});
const asked: AskReport = {
  tools: tools.map((each) => each.name),
  isError,
  result: structuredContent,
};
process.stdout.write(JSON.stringify(asked));
await client.close();
