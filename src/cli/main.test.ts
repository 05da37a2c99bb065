import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { weir } from "../../test/fleets/fakeShell.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { main } from "./main.ts";
import type { Shell } from "./shell.ts";
import { systemRuntime } from "../runtime/runtime.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Runs a shell command in the repository with weir as `$WEIR`. */
function run(command: string, env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", `set -o pipefail; ${command}`], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, WEIR: `${process.execPath} bin/weir.js`, ...env },
  });
  return { status, stdout, stderr };
}

describe("weir", () => {
  it("helps", async () => {
    const { exitCode, out, err } = await weir(["--help"]);
    expect([exitCode, err]).toEqual([0, ""]);
    expect(out).toContain("plan [options] [fleet...]");
  });

  it("says its version, that of the package", async () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));
    expect(await weir(["--version"])).toEqual({ exitCode: 0, out: `${version}\n`, err: "" });
  });

  it("says one line when something fails that nobody foresaw, and no trace", async () => {
    const said: string[] = [];
    const shell: Shell = {
      out: () => undefined,
      err: (text) => void said.push(text),
      read: () => {
        throw new TypeError("boom\n    at somewhere");
      },
      list: () => undefined,
      table: () => "",
      env: {},
      runtime: systemRuntime,
      colour: false,
      columns: 80,
    };
    expect(await main(["plan", "fleet.yaml"], shell)).toBe(1);
    expect(said).toEqual(["weir failed: boom\n"]);
  });
});

describe("bin/weir.js", () => {
  it("plans the example in a pipe: plain, exit code 0", () => {
    const { status, stdout, stderr } = run("$WEIR plan examples/writing-servers/fleet.yaml | cat");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^✓ Budget writing\/writing fits\n/);
  });

  it("refuses the incident, and says what would fit", () => {
    const { status, stdout } = run("$WEIR plan examples/incident-fleet.yaml");
    expect(status).toBe(3);
    expect(stdout).toContain("10 servers need 200 connections, 190 are there: 10 missing.");
    expect(stdout).toContain("The largest uniform pool that fits is 19");
  });

  const older = `${process.execPath} --import 'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})'`;

  it("runs with the repository's Node, in any folder, when this one is too old", () => {
    const { status, stdout, stderr } = run(
      `cd /tmp && cat ${ROOT}examples/incident-fleet.yaml | ${older} ${ROOT}bin/weir.js plan -`,
    );
    expect([status, stderr]).toEqual([3, "weir plan: not feasible: writing/writing\n"]);
    expect(stdout).toMatch(/^✗ Budget writing\/writing cannot fit\n/);
  });

  it("says which Node it needs when this one is too old, and there is no other", async () => {
    const folder = await scratchDir("old-node");
    cpSync(`${ROOT}bin/weir.js`, `${folder}/bin/weir.mjs`);
    expect(run(`${older} ${folder}/bin/weir.mjs plan`)).toEqual({
      status: 1,
      stdout: "",
      stderr: "weir: needs Node 22.19 or newer, and this is 20.20.2\n",
    });
  });

  it("reads standard input, and says which file it could not read", () => {
    const piped = run("cat examples/writing-servers/fleet.yaml | $WEIR plan - --output json");
    expect(JSON.parse(piped.stdout)).toMatchObject({ feasible: true });
    expect(run("$WEIR plan nowhere.yaml examples")).toEqual({
      status: 2,
      stdout: "",
      stderr: "nowhere.yaml: there is no such file\n",
    });
    expect(run("$WEIR plan examples").stderr).toBe("examples: is a folder, not a file\n");
  });

  it("is quiet when its reader goes away", () => {
    const { stdout, stderr, status } = run(
      "(sleep 0.2; $WEIR plan examples/writing-servers/fleet.yaml) | true",
    );
    expect({ stdout, stderr, status }).toEqual({ stdout: "", stderr: "", status: 0 });
  });
});
