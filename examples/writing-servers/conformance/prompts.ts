import { completable, type GetPromptResult, type McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { PNG } from "./media.ts";

type Content = GetPromptResult["messages"][number]["content"];

const WORDS = ["paris", "park", "party", "test"];

/** Prompts of each kind. */
export function offerPrompts(server: McpServer): void {
  server.registerPrompt("test_simple_prompt", { description: "A prompt without arguments." }, () =>
    messages({ type: "text", text: "This is a simple prompt for testing." }),
  );
  server.registerPrompt(
    "test_prompt_with_arguments",
    {
      description: "A prompt with arguments.",
      argsSchema: z.object({
        arg1: completable(z.string(), (begun) => WORDS.filter((word) => word.startsWith(begun))),
        arg2: z.string(),
      }),
    },
    ({ arg1, arg2 }) =>
      messages({ type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    {
      description: "A prompt with a resource in it.",
      argsSchema: z.object({ resourceUri: z.string() }),
    },
    ({ resourceUri }) =>
      messages(
        {
          type: "resource",
          resource: { uri: resourceUri, mimeType: "text/plain", text: "An embedded resource." },
        },
        { type: "text", text: "Please process the embedded resource above." },
      ),
  );
  server.registerPrompt("test_prompt_with_image", { description: "A prompt with a picture." }, () =>
    messages(
      { type: "image", data: PNG, mimeType: "image/png" },
      { type: "text", text: "Please analyze the image above." },
    ),
  );
}

function messages(...contents: Content[]): GetPromptResult {
  return { messages: contents.map((content) => ({ role: "user", content })) };
}
