import type { ServerSnapshot } from "../model/budgetSnapshot.ts";
import type { Verdict } from "./condition.ts";
import { sourceStatusOf, verdictOf } from "./observed.ts";

/** Verified: whether a pod of the server answers a real MCP handshake. */
export function verified({ handshake }: Pick<ServerSnapshot, "handshake">): Verdict {
  const answer = handshake.state === "available" ? handshake.value : undefined;
  const bad =
    answer?.ok === false
      ? {
          status: "False" as const,
          reason: "HandshakeFailed",
          message: `pod ${answer.pod}: ${answer.message}`,
        }
      : undefined;
  return verdictOf(sourceStatusOf("MCP handshake", handshake), bad, {
    status: "True",
    reason: "HandshakeDone",
    // Without the pod: which of several is asked may change.
    message: answer?.ok === true ? `${answer.serverName} speaks MCP ${answer.protocolVersion}` : "",
  });
}
