import { McpServer } from "@modelcontextprotocol/server";
import type { AnswerCall, ToolContext, Member } from "./tool.ts";

const VERSION = "0.1.0";
/** The list of tools is the same for everybody, and changes with a new version alone. */
const LIST_HINT = { ttlMs: 300_000, cacheScope: "public" } as const;

/** Adds to an SDK server what is beside the tools of its members. */
type Extra = (server: McpServer) => void;

/**
 * Makes SDK servers, each for one request or one session, that offer the tools of all members.
 *
 * @param extra what the conformance suite asks for, in its test mode
 */
export function mcpServers(
  members: readonly Member[],
  context: ToolContext,
  answer: AnswerCall,
  extra?: Extra,
): () => McpServer {
  const [first, ...others] = members;
  const name =
    first !== undefined && others.length === 0 ? `${first.name}-server` : "writing-servers";
  return () => {
    const server = new McpServer(
      { name, version: VERSION },
      { capabilities: { tools: {} }, cacheHints: { "tools/list": LIST_HINT } },
    );
    for (const member of members) {
      for (const tool of member.tools) tool.offer(server, member.name, context, answer);
    }
    extra?.(server);
    return server;
  };
}
