import { z } from "zod";
import type { ConnectionBudgetStatus } from "./connectionBudget.ts";
import { conditionSchema, whole } from "./kubernetes.ts";
import type { McpServerStatus } from "./mcpServer.ts";

/** A status of either kind, as it is read again. */
export type ObservedStatus = ConnectionBudgetStatus & McpServerStatus;

const number = whole(0).optional().catch(undefined);

/** Other programs may write a status too: what of it can't be read is left out. */
const observedStatus = z
  .object({
    observedGeneration: number,
    replicas: number,
    limit: number,
    grant: number,
    slots: number,
    selector: z.string().optional().catch(undefined),
    // Another program writes the targets; weir writes them again unchanged.
    targets: z
      .custom<NonNullable<ConnectionBudgetStatus["targets"]>>(
        (value) => typeof value === "object" && value !== null,
      )
      .optional()
      .catch(undefined),
    conditions: z
      .array(conditionSchema.nullable().catch(null))
      .transform((all) => all.filter((each) => each !== null))
      .optional()
      .catch(undefined),
  })
  .catch({});

/** The status of an object that the API server gave. */
export function readStatus(written: unknown): ObservedStatus {
  return observedStatus.parse(written);
}
