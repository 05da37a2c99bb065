import { array, assert, integer, nat, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { numberIn, numberOf, shownClockAheadMs, shownTimeMs, textIn, textOf } from "./show.ts";

const ROW = { addr: "10.0.0.7", port: 6432, wait: "3", link: "", host: null, odd: {} };

test("a column says a text or a number, whichever way the version sends it", () => {
  expect([textIn(ROW, "addr"), textIn(ROW, "port"), textIn(ROW, "wait")]).toEqual([
    "10.0.0.7",
    "6432",
    "3",
  ]);
  expect([numberIn(ROW, "port"), numberIn(ROW, "wait")]).toEqual([6432, 3]);
});

test.each(["link", "host", "absent", "odd"])("column %s says nothing", (column) => {
  expect([textIn(ROW, column), numberIn(ROW, column)]).toEqual([undefined, undefined]);
  expect(() => textOf(ROW, column)).toThrow(
    `SHOW has no value in column ${column}; its columns: addr, port, wait, link, host, odd`,
  );
});

test("a number that is none is named", () => {
  expect(() => numberOf(ROW, "addr")).toThrow("no value in column addr");
});

/** A clock that is 61.234 s ahead. */
const readAt = (ms: number) => ({
  shownMs: Math.floor((ms + 61_234) / 1000) * 1000,
  afterMs: ms - 1,
  beforeMs: ms + 1,
});

describe("the shown clock", () => {
  test.each(["2026-11-23 19:50:11 UTC", "2026-11-23 19:50:11 CEST", "2026-11-23 19:50:11"])(
    "%s is read as if it were UTC",
    (text) => {
      expect(shownTimeMs(text)).toBe(Date.UTC(2026, 10, 23, 19, 50, 11));
    },
  );

  test.each(["", "now", "2026-11-23", "2026-11-23T19:50:11Z"])("%j is no time", (text) => {
    expect(() => shownTimeMs(text)).toThrow("SHOW gives a time as");
  });

  /** Readings of a clock that is so far ahead, taken at moments that take a while to answer. */
  const readings = record({
    aheadMs: integer({ min: -50_000_000, max: 50_000_000 }),
    startMs: integer({ min: 1.7e12, max: 1.8e12 }),
    each: array(record({ at: nat(3000), sooner: nat(40), later: nat(40) }), {
      minLength: 1,
      maxLength: 13,
    }),
  }).map(({ aheadMs, startMs, each }) => ({
    aheadMs,
    readings: each.map(({ at, sooner, later }) => ({
      shownMs: Math.floor((startMs + at + aheadMs) / 1000) * 1000,
      afterMs: startMs + at - sooner,
      beforeMs: startMs + at + later,
    })),
  }));

  test("is reported to within a second, whatever its zone and however wrong it goes", () => {
    assert(
      property(readings, ({ aheadMs, readings: all }) => {
        expect(Math.abs(shownClockAheadMs(all) - aheadMs)).toBeLessThan(1100);
      }),
    );
  });

  test("is reported exactly when it agrees with ours but for its zone", () => {
    const zones = integer({ min: -48, max: 56 }).map((quarters) => quarters * 15 * 60_000);
    assert(
      property(zones, integer({ min: 1.7e12, max: 1.8e12 }), (zoneMs, atMs) => {
        const shownMs = Math.floor((atMs + zoneMs) / 1000) * 1000;
        const ahead = shownClockAheadMs([{ shownMs, afterMs: atMs - 5, beforeMs: atMs + 5 }]);
        expect(ahead - zoneMs).toBeCloseTo(0, 9);
      }),
    );
  });

  test("is closer known the more often it was read", () => {
    const often = Array.from({ length: 13 }, (_, index) => readAt(1.7e12 + index * 250));
    expect(Math.abs(shownClockAheadMs(often) - 61_234)).toBeLessThan(130);
  });

  test("that was set meanwhile counts as it is now", () => {
    const before = { shownMs: 0, afterMs: 500_000, beforeMs: 500_010 };
    const now = { shownMs: 501_000, afterMs: 501_200, beforeMs: 501_210 };
    expect(shownClockAheadMs([before, now])).toBeCloseTo(0, 9);
  });

  test("is not known from nothing", () => {
    expect(() => shownClockAheadMs([])).toThrow("does not list the console");
  });
});
