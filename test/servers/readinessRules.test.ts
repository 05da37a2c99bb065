import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { CHECK_TIMEOUT_MS } from "../../examples/writing-servers/checking.ts";
import { databaseOutcome } from "../../examples/writing-servers/outcome.ts";
import { isCheckDue, verdict } from "../../examples/writing-servers/readiness.ts";
import { exampleFleet } from "../system/exampleFleet.ts";

const ANSWERED = { outcome: { kind: "answered" }, atMs: 100_000 } as const;
const FAILED = { outcome: { kind: "failed", reason: "refused" }, atMs: 100_000 } as const;

const EMPTY = { limit: 2, open: 0, idle: 0, waiting: 0 };
const FREE = { limit: 2, open: 2, idle: 1, waiting: 0 };
const BUSY = { limit: 2, open: 2, idle: 0, waiting: 0 };
const QUEUED = { limit: 2, open: 1, idle: 0, waiting: 1 };

describe("the verdict", () => {
  it.each([
    ["nothing is known", undefined, 100_000, false],
    ["the last work was answered", ANSWERED, 100_001, true],
    ["the last work was answered a while ago", ANSWERED, 109_999, true],
    ["nothing was answered for long", ANSWERED, 110_000, false],
    ["the last work failed", FAILED, 100_000, false],
    ["the last work failed long ago", FAILED, 200_000, false],
  ])("when %s", (_, evidence, nowMs, ready) => {
    expect(verdict(evidence, nowMs)).toMatchObject({ ready });
  });
});

describe("a check", () => {
  it.each([
    ["is due at the start", undefined, EMPTY, 100_000, true],
    ["is due at once after a failure", FAILED, EMPTY, 100_000, true],
    ["is not due while work tells", ANSWERED, FREE, 102_999, false],
    ["is due when it was quiet", ANSWERED, FREE, 103_000, true],
    ["takes no connection that work could need", ANSWERED, BUSY, 103_000, false],
    ["does not go before those that wait", FAILED, QUEUED, 103_000, false],
  ])("%s", (_, evidence, pool, nowMs, due) => {
    expect(isCheckDue(evidence, pool, nowMs)).toBe(due);
  });

  it("has a connection for half of the time at most that a call waits for one", () => {
    const { servers } = exampleFleet({ host: "127.0.0.1", port: 5432 });
    const waitsMs = servers.map(({ spec }) => spec.pool.connectionTimeoutMs);
    expect(CHECK_TIMEOUT_MS).toBeLessThanOrEqual(Math.min(...waitsMs) / 2);
  });
});

describe("what an error says of the database", () => {
  it.each([
    ["23503", "answered"],
    ["42P01", "answered"],
    ["57014", "answered"],
    ["08P01", "failed"],
    ["57P01", "failed"],
    ["57P03", "failed"],
    ["53300", "failed"],
    ["28P01", "failed"],
    ["3D000", "failed"],
  ])("SQLSTATE %s: %s", (code, kind) => {
    const error = Object.assign(new DatabaseError("said", 0, "error"), { code });
    expect(databaseOutcome(error)).toEqual(kind === "failed" ? { kind, reason: "said" } : { kind });
  });

  it.each(["ECONNREFUSED", "EPIPE"])("%s of a socket: failed", (code) => {
    const error = Object.assign(new Error("said"), { code });
    expect(databaseOutcome(error)).toEqual({ kind: "failed", reason: "said" });
  });

  it("a timeout without a code: failed", () => {
    expect(databaseOutcome(new Error("Query read timeout"))).toEqual({
      kind: "failed",
      reason: "Query read timeout",
    });
  });

  it("one for each address: each once", () => {
    const each = [new Error("connect ECONNREFUSED"), new Error("connect ECONNREFUSED")];
    expect(databaseOutcome(new AggregateError(each))).toEqual({
      kind: "failed",
      reason: "connect ECONNREFUSED",
    });
  });
});
