import { expect, test } from "vitest";
import { isSelected, selects, selectorText } from "./selector.ts";

const LABELS = { app: "author", tier: "web" };

test.each([
  [{ matchLabels: { app: "author" } }, true],
  [{ matchLabels: { app: "author", tier: "db" } }, false],
  [{ matchExpressions: [{ key: "app", operator: "In", values: ["author", "scene"] }] }, true],
  [{ matchExpressions: [{ key: "app", operator: "NotIn", values: ["author"] }] }, false],
  [{ matchExpressions: [{ key: "none", operator: "NotIn", values: ["author"] }] }, true],
  [{ matchExpressions: [{ key: "tier", operator: "Exists" }] }, true],
  [{ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }, false],
  [{ matchExpressions: [{ key: "tier", operator: "Unheard" }] }, false],
  [{}, false],
])("%j selects: %s", (selector, expected) => {
  expect(selects(selector, LABELS)).toBe(expected);
});

test("one without a condition fits all, as in a NetworkPolicy, and selects nothing", () => {
  expect(isSelected({}, LABELS)).toBe(true);
  expect(selects({}, LABELS)).toBe(false);
});

test("as text it is what kubectl takes", () => {
  expect(
    selectorText({
      matchLabels: { b: "2", a: "1" },
      matchExpressions: [
        { key: "c", operator: "In", values: ["y", "x"] },
        { key: "d", operator: "DoesNotExist" },
      ],
    }),
  ).toBe("!d,a=1,b=2,c in (x,y)");
  expect(selectorText({})).toBeUndefined();
});
