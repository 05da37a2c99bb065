import { describe, expect, it } from "vitest";
import { serverOf } from "../../test/fleets/fleetOf.ts";
import { AT_MS, runningOf } from "../../test/operator/sceneOf.ts";
import { mcpServerSchema } from "../api/mcpServer.ts";
import { conditionIn } from "./condition.ts";
import { judgeOrphan } from "./judgeOrphan.ts";

describe("a server whose budget does not exist", () => {
  const orphan = runningOf(serverOf("lost"), 5, 0);
  const { status, events } = judgeOrphan(orphan, AT_MS);

  it("has a status that says so, and again the same", () => {
    expect(conditionIn(status, "Admitted")).toMatchObject({
      status: "False",
      reason: "BudgetNotFound",
      message: "there is no ConnectionBudget writing in namespace writing",
    });
    expect(conditionIn(status, "Ready")?.status).toBe("False");
    expect(status).toMatchObject({ replicas: 1, grant: 0 });
    const again = { ...orphan, object: { ...orphan.object, status } };
    expect(judgeOrphan(again, AT_MS + 5000)).toMatchObject({ status, events: [] });
    expect(mcpServerSchema.safeParse({ ...serverOf("lost"), status }).success).toBe(true);
  });

  it("is told to somebody once", () => {
    expect(events).toMatchObject([{ type: "Warning", reason: "BudgetNotFound" }]);
  });
});
