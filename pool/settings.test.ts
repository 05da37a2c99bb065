import { describe, expect, it } from "vitest";

import { isMaxGiven, limitIn, readNumbers } from "./settings.ts";

describe("a pool's numbers", () => {
  it("come from the environment that weir writes", () => {
    const environment = {
      DB_POOL_MAX_PER_SERVER: "7",
      DB_POOL_MIN: "1",
      DB_POOL_IDLE_TIMEOUT: "30000",
      DB_POOL_CONNECTION_TIMEOUT: "1500",
      WEIR_POOL_PORT: "9200",
    };
    expect(readNumbers({}, environment)).toEqual({
      max: 7,
      minIdle: 1,
      idleTimeoutMs: 30_000,
      connectionTimeoutMs: 1_500,
      gracePeriodMs: 25_000,
      maxLifetimeMs: 60_000,
      leakAfterMs: 0,
      port: 9200,
    });
    expect(isMaxGiven({}, environment)).toBe(true);
  });

  it("fit any plan where nobody says them: one connection", () => {
    expect(readNumbers({}, {})).toMatchObject({
      max: 1,
      minIdle: 0,
      idleTimeoutMs: 10_000,
      connectionTimeoutMs: 2_000,
      port: 9127,
    });
    expect(isMaxGiven({}, {})).toBe(false);
  });

  it("are read from other variables where the server's spec.pool.env names them", () => {
    const options = { env: { max: "PGPOOL_SIZE" } };
    const environment = { PGPOOL_SIZE: "4", DB_POOL_MAX_PER_SERVER: "9", DB_POOL_MIN: "2" };
    expect(readNumbers(options, environment)).toMatchObject({ max: 4, minIdle: 2 });
    expect(isMaxGiven(options, { DB_POOL_MAX_PER_SERVER: "9" })).toBe(false);
  });

  it("are those of the code where it says any", () => {
    expect(
      readNumbers({ max: 3, minIdle: 0 }, { DB_POOL_MAX_PER_SERVER: "9", DB_POOL_MIN: "2" }),
    ).toMatchObject({ max: 3, minIdle: 0 });
  });

  it.each(["", "0", "-1", "1.5", "1e3", "0x10", "ten", "1000001"])(
    "are refused when they can't be: %j",
    (text) => {
      expect(() => readNumbers({}, { DB_POOL_MAX_PER_SERVER: text })).toThrow(
        `environment variable DB_POOL_MAX_PER_SERVER: found ${JSON.stringify(text)}; allowed is a whole number from 1 to 1000000`,
      );
    },
  );

  it.each([
    [{ max: 0 }, "option max: found 0; allowed is a whole number from 1"],
    [{ max: 2.5 }, "option max: found 2.5"],
    [{ minIdle: -1 }, "option minIdle: found -1; allowed is a whole number from 0"],
    [{ maxLifetimeMs: 0 }, "option maxLifetimeMs: found 0; allowed is a whole number from 1"],
    [{ leakAfterMs: Number.NaN }, "option leakAfterMs: found NaN"],
    [{ port: 65_536 }, "option port: found 65536; allowed is a whole number from 0 to 65535"],
  ])("are refused when the code's can't be: %o", (options, message) => {
    expect(() => readNumbers(options, {})).toThrow(message);
  });
});

describe("a limit file", () => {
  it.each([
    ["5", 5],
    ["5\n", 5],
    [" 12 ", 12],
  ])("says %j", (text, limit) => {
    expect(limitIn(text)).toBe(limit);
  });

  it.each(["", "0", "-3", "4 5", "five", "1e2", "1000001"])("says nothing with %j", (text) => {
    expect(limitIn(text)).toBeUndefined();
  });
});
