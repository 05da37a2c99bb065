import { expect, test } from "vitest";
import { patience } from "./failureDebounce.ts";
import { UnseenError } from "../model/unavailable.ts";

const GONE = new UnseenError("Unreachable", "nothing listens there");

test("nothing is known before the first answer, and an answer counts at once", () => {
  const seen = patience<string>();
  expect(seen.sight()).toEqual({ state: "pending" });
  seen.failed(GONE, 0, 10);
  expect(seen.sight()).toEqual({ state: "pending" });
  seen.answered("well");
  expect(seen.sight()).toEqual({ state: "seen", value: "well" });
});

test("a failure is news after 3 s and a retry, whichever comes later", () => {
  const seen = patience<string>();
  seen.answered("well");
  seen.failed(GONE, 1000, 5000);
  expect(seen.sight().state).toBe("seen");
  seen.failed(GONE, 5500, 5501);
  expect(seen.sight()).toEqual({
    state: "unseen",
    reason: "Unreachable",
    message: "nothing listens there",
  });

  seen.answered("again");
  seen.failed(GONE, 9000, 9001);
  seen.failed(GONE, 9500, 9501);
  seen.failed(GONE, 11_000, 11_999);
  expect(seen.sight().state).toBe("seen");
  seen.failed(GONE, 11_999, 12_000);
  expect(seen.sight().state).toBe("unseen");
});

test("failures that are far apart are no series when an answer came between", () => {
  const seen = patience<string>();
  for (let atMs = 0; atMs < 60_000; atMs += 10_000) {
    seen.failed(GONE, atMs, atMs + 1);
    seen.answered("well");
  }
  expect(seen.sight().state).toBe("seen");
});

test("of a mistake of weir's nothing is told but its kind", () => {
  const seen = patience<string>();
  for (const atMs of [0, 5000]) seen.failed(new TypeError("hush-1"), atMs, atMs);
  expect(seen.sight()).toEqual({
    state: "unseen",
    reason: "NotUnderstood",
    message: "weir could not read the answer (TypeError)",
  });
});
