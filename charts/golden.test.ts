import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GOLDEN_DIR, goldens } from "../test/golden/goldens.ts";

describe.each(goldens())("the fleet $name", ({ name, plan, files }) => {
  it("fits, so that its numbers are those of a real fleet", () => {
    expect(plan.feasible).toBe(true);
  });

  it("becomes the same manifests as ever", async () => {
    const text = files.map((file) => `# FILE ${file.name}\n${file.text}`).join("");
    await expect(text).toMatchFileSnapshot(join(GOLDEN_DIR, `${name}.output.yaml`));
  });
});
