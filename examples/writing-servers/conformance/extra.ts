import type { McpServer } from "@modelcontextprotocol/server";
import { offerInputTools } from "./inputTools.ts";
import { offerPrompts } from "./prompts.ts";
import { offerResources } from "./resources.ts";
import { offerTestTools } from "./testTools.ts";

/**
 * What the public conformance suite wants to find beside a server's own tools. Served only where
 * MCP_CONFORMANCE is 1.
 */
export function conformanceExtra(server: McpServer): void {
  server.server.registerCapabilities({
    logging: {},
    completions: {},
    prompts: {},
    resources: { subscribe: true },
  });
  offerTestTools(server);
  offerInputTools(server);
  offerResources(server);
  offerPrompts(server);
}
