import { expect, it } from "vitest";
import { foreignText } from "./foreignText.ts";
import { manifestsText, raceVerify, verifyRatio } from "./verifyWork.ts";

it("proves 500 servers of one budget in less than twice what parsing their YAML costs", async () => {
  const rounds = await raceVerify(manifestsText(500), 5);
  expect(verifyRatio(rounds)).toBeLessThan(2);
});

it("proves manifests of others, a part of which is no simple YAML, for no more than that", async () => {
  const rounds = await raceVerify(foreignText(200), 3);
  expect(verifyRatio(rounds)).toBeLessThan(2);
});
