import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { ROOT } from "../synth/commands.ts";

const WORDS_MAX = 1500;

test(`README.md has at most ${WORDS_MAX} words`, () => {
  const words = readFileSync(join(ROOT, "README.md"), "utf8").match(/\S+/g) ?? [];
  expect(words.length).toBeLessThanOrEqual(WORDS_MAX);
});
