import type { Logger } from "pino";
import type { CallMetrics } from "./metrics.ts";
import { explain } from "./refusal.ts";
import type { AnswerCall } from "./tool.ts";

/** The tool calls of this process. */
interface Calls {
  readonly answer: AnswerCall;
  /** Calls that run now. */
  readonly inFlight: () => number;
}

/** Answers calls: counts and times them, and turns what they throw into an answer. */
export function calls(metrics: CallMetrics, log: Logger): Calls {
  let running = 0;
  return {
    inFlight: () => running,
    answer: async (call, work) => {
      running += 1;
      const done = metrics.started(call);
      try {
        const result = await work();
        done("answered");
        return {
          content: [{ type: "text", text: JSON.stringify(result) }],
          structuredContent: result,
        };
      } catch (error) {
        const { outcome, text } = explain(error);
        done(outcome);
        const said = error instanceof Error ? error.message : String(error);
        if (outcome !== "refused") log.warn({ ...call, outcome, error: said }, "a call failed");
        return { content: [{ type: "text", text }], isError: true };
      } finally {
        running -= 1;
      }
    },
  };
}
