import { expect, test } from "vitest";
import { statusDifference } from "./statusDifference.ts";

const READY = { type: "Ready", status: "True", reason: "Well", message: "190 of 200" };
const STATUS = { replicas: 2, conditions: [READY] };

test.each([
  ["none", { replicas: 2, conditions: [{ ...READY }] }],
  ["none", { replicas: 2, conditions: [READY], limit: undefined }],
  ["messages", { replicas: 2, conditions: [{ ...READY, message: "191 of 200" }] }],
  ["more", { replicas: 3, conditions: [READY] }],
  ["more", { replicas: 2, conditions: [{ ...READY, reason: "Full", message: "200 of 200" }] }],
  ["more", { replicas: 2, conditions: [] }],
])("%s: %j", (expected, wanted) => {
  expect(statusDifference(STATUS, wanted)).toBe(expected);
});
