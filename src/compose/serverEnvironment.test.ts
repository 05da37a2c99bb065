import { expect, test } from "vitest";
import { expanded } from "./serverEnvironment.ts";

const VARIABLES = new Map([
  ["HOST", "pg"],
  ["EMPTY", ""],
  ["SECRET", undefined],
]);

// As in https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables
test.each([
  ["none", "none"],
  ["$(HOST):$(HOST)", "pg:pg"],
  ["[$(EMPTY)]", "[]"],
  ["$(NOBODY)", "$(NOBODY)"],
  ["$$(HOST)", "$(HOST)"],
  ["$$$(HOST)", "$pg"],
  ["$HOST ${HOST} $", "$HOST ${HOST} $"],
])("%s becomes %s", (text, result) => {
  expect(expanded(text, VARIABLES)).toEqual({ ok: true, text: result });
});

test("a value that only the cluster knows is named", () => {
  expect(expanded("$(HOST)$(SECRET)", VARIABLES)).toEqual({ ok: false, name: "SECRET" });
});
