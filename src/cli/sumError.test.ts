import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import type * as allocation from "../budget/allocate.ts";
import { main } from "./main.ts";
import { systemRuntime } from "../runtime/runtime.ts";

// A planner with a fault: everybody gets one connection too many.
vi.mock("../budget/allocate.ts", async (original) => {
  const { allocate } = await original<typeof allocation>();
  return {
    allocate: (...args: Parameters<typeof allocate>) => allocate(...args).map((units) => units + 1),
  };
});

it("a sum that weir gets wrong ends a command with one line of numbers, and no output", async () => {
  let out = "";
  let err = "";
  const code = await main(["plan", "examples/writing-servers/fleet.yaml"], {
    out: (text) => (out += text),
    err: (text) => (err += text),
    read: (path) => readFileSync(path, "utf8"),
    list: () => undefined,
    table: () => "",
    env: {},
    runtime: systemRuntime,
    colour: false,
    columns: 100,
  });
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(
    /^weir failed: ConnectionBudget writing\/writing: .* = \d+, which must be .*; this is a fault of weir.*\n$/,
  );
});
