import type { CallToolResult, McpServer, ToolAnnotations } from "@modelcontextprotocol/server";
import type { z } from "zod";
import type { Database } from "./database.ts";

/** What a tool works with. */
export interface ToolContext {
  readonly database: Database;
  /** Names of the servers in this process. */
  readonly active: readonly string[];
}

/** A call, by whose tool it calls. */
export interface Call {
  readonly server: string;
  readonly tool: string;
}

/** One that answers a call as the caller needs it: measured, its errors explained. */
export type AnswerCall = (
  call: Call,
  work: () => Promise<Record<string, unknown>>,
) => Promise<CallToolResult>;

/** A tool, ready to be offered by a server. */
export interface Tool {
  readonly name: string;
  /** Registers it with an SDK server, which checks arguments and results. */
  offer(server: McpServer, owner: string, context: ToolContext, answer: AnswerCall): void;
}

/** One of the ten servers: a name as in ACTIVE_MCP_SERVERS, and its tools. */
export interface Member {
  readonly name: string;
  /** Their names are distinct among all members: several can be served at one path. */
  readonly tools: readonly Tool[];
}

/** What a tool does to the data. */
type Effect = "reads" | "adds" | "changes" | "deletes";

interface ToolSpec<Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly effect: Effect;
  readonly input: Input;
  readonly output: Output;
  /** @throws Refusal where what is asked for is not there */
  run(args: z.output<Input>, context: ToolContext): Promise<z.input<Output>>;
}

/** Says what a tool is, with its types checked against each other. */
export function tool<Input extends z.ZodObject, Output extends z.ZodObject>(
  spec: ToolSpec<Input, Output>,
): Tool {
  const { name, description, effect, input, output } = spec;
  return {
    name,
    offer: (server, owner, context, answer) => {
      const inputSchema: z.ZodObject = input;
      const outputSchema: z.ZodObject = output;
      const config = { description, inputSchema, outputSchema, annotations: annotationsOf(effect) };
      server.registerTool(name, config, (args) =>
        // Checked by the SDK already: parsed once more for its type.
        answer({ server: owner, tool: name }, () => spec.run(input.parse(args), context)),
      );
    },
  };
}

function annotationsOf(effect: Effect): ToolAnnotations {
  return {
    readOnlyHint: effect === "reads",
    destructiveHint: effect === "changes" || effect === "deletes",
    idempotentHint: effect !== "adds",
    // Nothing but this database.
    openWorldHint: false,
  };
}
