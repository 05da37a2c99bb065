import { expect, it } from "vitest";

import { couldNotAsk } from "./couldNotAsk.ts";

it.each([
  [
    "nobody could be asked",
    "weir diagnose: no PgBouncer could be asked\n  PgBouncer 0: late",
    1,
    true,
  ],
  ["somebody could not be asked", "? weir can't know whether something is wrong: …", 4, true],
  ["weir has failed", "weir: a defect", 1, false],
  ["a cause was found", "✗ LeakedConnections: …", 3, false],
  ["somebody suffers", "? No cause is proved\n\n! Not well: line scene is paused", 4, false],
  ["the command is wrong", "weir diagnose: no PgBouncer: give …", 2, false],
  ["there is no command", "bash: npx: command not found", 127, false],
  ["all is well", "✓ Nothing is wrong", 0, false],
])("weir diagnose is asked again, or not, where %s", (_, text, code, again) => {
  expect(couldNotAsk(`${text}\nended with ${code}\n`)).toBe(again);
});
