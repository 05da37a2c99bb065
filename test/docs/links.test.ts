import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

import { ROOT } from "../synth/commands.ts";

const PAGES = globSync(["*.md", "docs/**/*.md", "examples/*/*.md"], { cwd: ROOT });

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(path: string): readonly string[] {
  const headings = readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The links of a page that lead nowhere in this repository. */
function brokenLinks(page: string): readonly string[] {
  const path = join(ROOT, page);
  const links = readFileSync(path, "utf8").matchAll(/\]\((?!https?:)([^)\s]+)\)/g);
  return [...links].flatMap(([, link = ""]) => {
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    const leads = existsSync(target) && (anchor === undefined || anchors(target).includes(anchor));
    return leads ? [] : [`${relative(ROOT, path)}: ${link}`];
  });
}

test("every link of a page leads to a file and a heading that exist", () => {
  expect(PAGES.length).toBeGreaterThan(30);
  expect(PAGES.flatMap(brokenLinks)).toEqual([]);
});
