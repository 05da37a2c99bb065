import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { weir } from "../../test/fleets/fakeShell.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

const FILES = { "fleet.yaml": readFileSync("examples/writing-servers/fleet.yaml", "utf8") };

/** What a command ends with and prints; the passwords that it makes are never the same. */
async function outcome(words: readonly string[], env: Readonly<Record<string, string>>) {
  const { exitCode, out, err } = await weir(words, { files: FILES, env });
  return { exitCode, out: out.replaceAll(/: [\w+/=-]{32,}$/gm, ": SECRET"), err };
}

/** Every command that reads a fleet. `cdk8s synth` is a process: see test/synth. */
it.each([
  [["plan", "fleet.yaml"]],
  [["plan", "fleet.yaml", "--from", "fleet.yaml"]],
  [["guard", "fleet.yaml"]],
  [["secrets", "fleet.yaml", "--new"]],
])(
  "an empty WEIR_ACTIVE, as of a CI job that sets no value, is as good as none: %j",
  async (words) => {
    const without = await outcome(words, {});
    expect(without.exitCode).toBe(0);
    expect(await outcome(words, { WEIR_ACTIVE: "" })).toEqual(without);
    expect(await outcome(words, { WEIR_ACTIVE: " " })).toEqual(without);
  },
);

it("and to weir compose", async () => {
  const dir = await scratchDir("empty-active");
  const composeFile = async (name: string, env: Readonly<Record<string, string>>) => {
    const out = join(dir, name);
    const { exitCode } = await weir(["compose", "fleet.yaml", "--out", out], { files: FILES, env });
    expect(exitCode).toBe(0);
    return readFileSync(join(out, "compose.yaml"), "utf8");
  };
  expect(await composeFile("set", { WEIR_ACTIVE: "" })).toBe(await composeFile("unset", {}));
});

it.each([["plan"], ["guard"], ["compose"]])(
  "a WEIR_ACTIVE that names a server that is not there is refused by weir %s",
  async (command) => {
    expect(
      await weir([command, "fleet.yaml"], { files: FILES, env: { WEIR_ACTIVE: "scenes" } }),
    ).toEqual({
      exitCode: 2,
      out: "",
      err: "WEIR_ACTIVE: no server of the fleet is named scenes; did you mean scene?\n",
    });
  },
);

it("an empty --active is refused: nobody means to stop everything that way", async () => {
  expect(await weir(["plan", "fleet.yaml", "--active", ""], { files: FILES })).toEqual({
    exitCode: 2,
    out: "",
    err: "--active: names no server\n",
  });
});
