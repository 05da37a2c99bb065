import type { CheckOutcome } from "./condition.ts";
import type { ServerInput } from "./input.ts";
import { outcomeOf, sourceStatusOf } from "./sources.ts";

/** Verified: whether a pod of the server answers a real MCP handshake. */
export function verified({ snapshot, unplanned }: ServerInput): CheckOutcome<"Verified"> {
  // weir does not ask the pods of a server whose budget does not exist.
  if (unplanned?.reason === "BudgetNotFound") return unplanned;
  const { handshake } = snapshot;
  const answer = handshake.state === "available" ? handshake.value : undefined;
  return outcomeOf<"Verified">(
    sourceStatusOf("MCP handshake", handshake),
    answer?.ok === false
      ? {
          status: "False",
          reason: "HandshakeFailed",
          message: `pod ${answer.pod}: ${answer.message}`,
        }
      : undefined,
    {
      status: "True",
      reason: "HandshakeDone",
      // Without the pod: which of several is asked may change.
      message:
        answer?.ok === true ? `${answer.serverName} speaks MCP ${answer.protocolVersion}` : "",
    },
  );
}
