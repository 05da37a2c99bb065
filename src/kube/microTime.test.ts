import { expect, test } from "vitest";
import { microTime } from "./microTime.ts";

test.each([
  [0, "1970-01-01T00:00:00.000000Z"],
  [1_700_000_000_000_001, "2023-11-14T22:13:20.000001Z"],
  [1_700_000_000_123_456, "2023-11-14T22:13:20.123456Z"],
  [1_700_000_000_999_999, "2023-11-14T22:13:20.999999Z"],
])("%d microseconds are %s", (epochUs, text) => {
  expect(microTime(epochUs)).toBe(text);
});
