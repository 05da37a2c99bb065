import { describe, expect, it } from "vitest";
import { readStatus } from "./status.ts";

const READY = {
  type: "Ready",
  status: "True",
  lastTransitionTime: "2026-11-26T12:00:00Z",
  reason: "Ready",
  message: "all is well",
};

describe("a status as it is read again", () => {
  it("has the fields of both kinds", () => {
    const status = { replicas: 2, selector: "a=b", limit: 5, targets: { epoch: 1 } };
    expect(readStatus({ ...status, conditions: [READY] })).toStrictEqual({
      ...status,
      conditions: [READY],
    });
    expect(readStatus({})).toStrictEqual({});
  });

  it.each([
    ["no object", null],
    ["no text", { ...READY, reason: 7 }],
    ["another status", { ...READY, status: "Perhaps" }],
    ["no time", { ...READY, lastTransitionTime: undefined }],
    ["no type", { ...READY, type: undefined }],
  ])("lacks a condition that can't be read: %s", (_, malformed) => {
    const other = { ...READY, type: "Admitted" };
    expect(readStatus({ conditions: [malformed, other] })).toEqual({ conditions: [other] });
  });

  it.each([
    [{ replicas: "two", limit: -1, selector: 7, targets: 1, conditions: "none" }],
    [undefined],
    ["text"],
  ])("lacks what else can't be read: %j", (written) => {
    expect(readStatus(written)).toEqual({});
  });
});
