import { expect, test } from "vitest";
import { objectIndex } from "./objectIndex.ts";

test("an object is in the groups that it names now, and in no others", () => {
  const byColour = objectIndex<readonly string[]>((colours) => colours);
  byColour.take({ type: "added", key: "a", new: ["red", "blue"] });
  byColour.take({ type: "added", key: "b", new: ["red"] });
  expect(byColour.get("red")).toEqual([["red", "blue"], ["red"]]);
  byColour.take({ type: "modified", key: "a", old: ["red", "blue"], new: ["blue"] });
  expect(byColour.get("red")).toEqual([["red"]]);
  byColour.take({ type: "deleted", key: "b", old: ["red"] });
  expect(byColour.get("red")).toEqual([]);
  expect(byColour.get("blue")).toEqual([["blue"]]);
});
