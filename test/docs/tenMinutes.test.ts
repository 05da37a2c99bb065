import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../synth/commands.ts";

const PAGE = readFileSync(join(ROOT, "docs/ten-minutes.md"), "utf8");

/** The commands that the page shows, each with what it prints. */
const SHOWN = [...PAGE.matchAll(/^```\n\$ npx weir (.*)\n([\s\S]*?)^```$/gm)].map(
  ([, command = "", output = ""]) => [command, output] as const,
);

describe("docs/ten-minutes.md", () => {
  it("shows commands", () => {
    expect(SHOWN.length).toBeGreaterThan(3);
  });

  it.each(SHOWN)("shows what `weir %s` prints", (command, output) => {
    const script = `"${process.execPath}" bin/weir.js ${command} 2>/dev/null || true`;
    expect(execFileSync("bash", ["-c", script], { cwd: ROOT, encoding: "utf8" })).toBe(output);
  });
});
