import { describe, expect, it } from "vitest";
import { serverOf } from "../../test/fleets/fleetOf.ts";
import { AT_MS, runningOf } from "../../test/operator/snapshotOf.ts";
import { mcpServerSchema } from "../api/mcpServer.ts";
import { conditionIn } from "./condition.ts";
import { judgeOrphans } from "./judge.ts";

describe("a server whose budget does not exist", () => {
  const orphan = runningOf(serverOf("lost"), 5, 0);
  const { statuses, events } = judgeOrphans([orphan], AT_MS);
  const status = statuses.servers.get("lost") ?? {};

  it("has a status that says so, and again the same", () => {
    expect(conditionIn(status, "Admitted")).toMatchObject({
      status: "False",
      reason: "BudgetNotFound",
      message: "there is no ConnectionBudget writing in namespace writing",
    });
    expect(conditionIn(status, "Ready")?.status).toBe("False");
    expect(status).toMatchObject({ replicas: 1, grant: 0 });
    const again = { ...orphan, object: { ...orphan.object, status } };
    expect(judgeOrphans([again], AT_MS + 5000)).toMatchObject({ statuses, events: [] });
    expect(mcpServerSchema.safeParse({ ...serverOf("lost"), status }).success).toBe(true);
  });

  it("is told to somebody once", () => {
    expect(events).toMatchObject([{ type: "Warning", reason: "BudgetNotFound" }]);
  });
});
