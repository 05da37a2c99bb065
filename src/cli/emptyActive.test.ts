import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { main } from "./main.ts";
import type { Shell } from "./shell.ts";
import { systemRuntime } from "../runtime/runtime.ts";

const FLEET = "examples/writing-servers/fleet.yaml";

/** Runs weir with a WEIR_ACTIVE, and gives its exit code and what it printed. */
async function run(words: readonly string[], active: string): Promise<readonly [number, string]> {
  let printed = "";
  const print = (text: string): void => {
    printed += text;
  };
  const shell: Shell = {
    out: print,
    err: print,
    read: (path) => readFileSync(path, "utf8"),
    list: () => undefined,
    env: { WEIR_ACTIVE: active },
    runtime: systemRuntime,
    colour: false,
    columns: 100,
  };
  return [await main(words, shell), printed];
}

it("an empty WEIR_ACTIVE, as of a CI job that sets no value, puts nobody to sleep", async () => {
  const [code, printed] = await run(["plan", FLEET], "");
  expect(code).toBe(0);
  expect(printed).toContain("10 servers, 100 of 190");
});

it("an empty --active is refused: nobody means to stop everything that way", async () => {
  expect(await run(["plan", FLEET, "--active", ""], "")).toEqual([
    2,
    "--active: names no server\n",
  ]);
});
