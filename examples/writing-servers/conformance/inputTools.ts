import {
  inputRequired,
  type CallToolResult,
  type ElicitRequestFormParams,
  type InputRequiredResult,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { text } from "./testTools.ts";

type Form = ElicitRequestFormParams["requestedSchema"];

const PERSON: Form = {
  type: "object",
  properties: {
    username: { type: "string", description: "User's response" },
    email: { type: "string", description: "User's email address" },
  },
  required: ["username", "email"],
};

const WITH_DEFAULTS: Form = {
  type: "object",
  properties: {
    name: { type: "string", default: "John Doe" },
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", default: true },
  },
};

const CHOICES = ["option1", "option2", "option3"];
const TITLED = [
  { const: "value1", title: "First" },
  { const: "value2", title: "Second" },
  { const: "value3", title: "Third" },
];

const WITH_ENUMS: Form = {
  type: "object",
  properties: {
    untitledSingle: { type: "string", enum: CHOICES },
    titledSingle: { type: "string", oneOf: TITLED },
    legacyEnum: {
      type: "string",
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    },
    untitledMulti: { type: "array", items: { type: "string", enum: CHOICES } },
    titledMulti: { type: "array", items: { anyOf: TITLED } },
  },
};

/** Tools that ask back: the client's model, or its user. */
export function offerInputTools(server: McpServer): void {
  server.registerTool(
    "test_sampling",
    { description: "Asks the client's model.", inputSchema: z.object({ prompt: z.string() }) },
    ({ prompt }, context) => {
      const request = inputRequired.createMessage({
        messages: [{ role: "user", content: { type: "text", text: prompt } }],
        maxTokens: 100,
      });
      return askOnce(context, request, (answer) => `LLM response: ${answer}`);
    },
  );
  server.registerTool(
    "test_elicitation",
    { description: "Asks the client's user.", inputSchema: z.object({ message: z.string() }) },
    ({ message }, context) => elicit(context, message, PERSON, "User response"),
  );
  server.registerTool(
    "test_elicitation_sep1034_defaults",
    { description: "Asks with a default for each kind of field." },
    (context) => elicit(context, "Please confirm", WITH_DEFAULTS, "Elicitation completed"),
  );
  server.registerTool(
    "test_elicitation_sep1330_enums",
    { description: "Asks for a choice of each kind." },
    (context) => elicit(context, "Please choose", WITH_ENUMS, "Elicitation completed"),
  );
}

function elicit(
  context: ServerContext,
  message: string,
  requestedSchema: Form,
  said: string,
): CallToolResult | InputRequiredResult {
  const request = inputRequired.elicit({ message, requestedSchema });
  return askOnce(context, request, (answer) => `${said}: ${answer}`);
}

/** Asks in the first round, and tells the answer in the second. */
function askOnce(
  { mcpReq }: ServerContext,
  request: ReturnType<typeof inputRequired.elicit>,
  tell: (answer: string) => string,
): CallToolResult | InputRequiredResult {
  const answer = mcpReq.inputResponses?.["answer"];
  return answer === undefined
    ? inputRequired({ inputRequests: { answer: request } })
    : text(tell(JSON.stringify(answer)));
}
