import { expect, it } from "vitest";
import { manifestsText, raceVerify, verifyRatio } from "./verifyWork.ts";

it("proves 500 servers of one budget in less than twice what parsing their YAML costs", async () => {
  const rounds = await raceVerify(manifestsText(500), 5);
  expect(verifyRatio(rounds)).toBeLessThan(2);
});
