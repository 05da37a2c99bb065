import { describe, expect, it } from "vitest";
import { readPlainScalar } from "./portableYaml.ts";

describe("readPlainScalar", () => {
  it.each([
    ["", null],
    ["~", null],
    ["null", null],
    ["true", true],
    ["FALSE", false],
    ["0", 0],
    ["5", 5],
    ["-12", -12],
    ["1.50", 1.5],
    ["9007199254740991", 9007199254740991],
    ["author", "author"],
    ["weir.local/author:0.1.0", "weir.local/author:0.1.0"],
    ["1.2.3", "1.2.3"],
    ["10.0.0.5", "10.0.0.5"],
    ["500m", "500m"],
    ["5Gi", "5Gi"],
    ["--flag=1", "--flag=1"],
    ["tRue", "tRue"],
    ["8080:80", "8080:80"],
    ["2024-01", "2024-01"],
    ["off-peak", "off-peak"],
    ["0x", "0x"],
  ])("%j is %j to every parser", (source, value) => {
    expect(readPlainScalar(source)).toEqual({ value });
  });

  const doubtful = [
    "on Off YES no y N",
    "017 00 08 0o17 0O17 0x1F 0b101 0b-1 1_000 +5 -0 -_6",
    "5. .5 1e3 1.5E+3 1_0.5 4E3_1 1:30 190:20:30 1:30.5 .inf -.INF .nan +.inf",
    "9007199254740993 -9007199254740993 100000000000000000000000",
    "2024-01-01 2024-1-1 2024-01-01T00:00:00Z << =",
  ].flatMap((line) => line.split(" "));

  it.each([...doubtful, "2024-01-01 10:00"])("%j is read differently", (source) => {
    expect(readPlainScalar(source)).toEqual({
      doubt: expect.stringMatching(/^must be quoted/) as unknown,
    });
  });

  it("ends quickly with texts made to be slow", () => {
    for (const piece of ["1", "1_", "1:5", "0", ".", "1e", "-", "2024-"]) {
      expect(readPlainScalar(`${piece.repeat(100_000)}!`)).toEqual({
        value: `${piece.repeat(100_000)}!`,
      });
    }
  });
});
