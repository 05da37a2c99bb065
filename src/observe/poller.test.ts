import { expect, test } from "vitest";
import { failureDebounce } from "./poller.ts";
import { UnavailableError } from "../model/observation.ts";

const GONE = new UnavailableError("Unreachable", "nothing listens there");

test("nothing is known before the first answer, and an answer counts at once", () => {
  const seen = failureDebounce<string>();
  expect(seen.observation()).toEqual({ state: "pending" });
  seen.failed(GONE, 0, 10);
  expect(seen.observation()).toEqual({ state: "pending" });
  seen.answered("well");
  expect(seen.observation()).toEqual({ state: "available", value: "well" });
});

test("a failure is news after 3 s and a retry, whichever comes later", () => {
  const seen = failureDebounce<string>();
  seen.answered("well");
  seen.failed(GONE, 1000, 5000);
  expect(seen.observation().state).toBe("available");
  seen.failed(GONE, 5500, 5501);
  expect(seen.observation()).toEqual({
    state: "unavailable",
    reason: "Unreachable",
    message: "nothing listens there",
  });

  seen.answered("again");
  seen.failed(GONE, 9000, 9001);
  seen.failed(GONE, 9500, 9501);
  seen.failed(GONE, 11_000, 11_999);
  expect(seen.observation().state).toBe("available");
  seen.failed(GONE, 11_999, 12_000);
  expect(seen.observation().state).toBe("unavailable");
});

test("failures that are far apart are no series when an answer came between", () => {
  const seen = failureDebounce<string>();
  for (let atMs = 0; atMs < 60_000; atMs += 10_000) {
    seen.failed(GONE, atMs, atMs + 1);
    seen.answered("well");
  }
  expect(seen.observation().state).toBe("available");
});

test("of a mistake of weir's nothing is reported but its kind", () => {
  const seen = failureDebounce<string>();
  for (const atMs of [0, 5000]) seen.failed(new TypeError("hush-1"), atMs, atMs);
  expect(seen.observation()).toEqual({
    state: "unavailable",
    reason: "NotUnderstood",
    message: "weir could not read the answer (TypeError)",
  });
});
