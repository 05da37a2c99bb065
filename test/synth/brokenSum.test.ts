import { join } from "node:path";
import { readdir } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { composed, contentOf, ROOT, synth } from "./commands.ts";

/**
 * A fault that shows only while an output is made: what comes before the last server is made by
 * then. Nothing of it may be written.
 */

const FLEET = join(ROOT, "examples/writing-servers/fleet.yaml");

/** A module that changes one text of a source file before the program that it is loaded into runs. */
function fault(file: string, from: string, to: string): Readonly<Record<string, string>> {
  const code = `
    import { registerHooks } from "node:module";
    registerHooks({
      load(url, context, next) {
        const loaded = next(url, context);
        if (!url.endsWith(${JSON.stringify(file)})) return loaded;
        const source = String(loaded.source);
        if (!source.includes(${JSON.stringify(from)})) throw new Error("the text is not there");
        return { ...loaded, source: source.replace(${JSON.stringify(from)}, ${JSON.stringify(to)}) };
      },
    });`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

const FAULTS = [
  {
    title: "the limit of the last server, as it is written",
    env: fault(
      "src/render/environment.ts",
      "plan.limit)",
      'plan.limit + (line === "series-planning" ? 1 : 0))',
    ),
    says: /^(?:weir failed: )?McpServer writing\/series-planning as it is written: .* = \d+, which must be at most \d+ grant; this is a fault of weir.*\n$/,
  },
  {
    title: "the lines of the ini",
    env: fault("src/pgbouncer/lines.ts", "clients: grant, slots", "clients: grant + 200, slots"),
    says: /^(?:weir failed: )?ConnectionBudget writing\/writing: clients of all lines .*; this is a fault of weir.*\n$/,
  },
];

const COMMANDS = [
  {
    command: "synth",
    folder: "manifests",
    run: (dir: string, env = {}) => synth(dir, { WEIR_FLEET: FLEET, ...env }),
  },
  {
    command: "weir compose",
    folder: "compose",
    run: (dir: string, env = {}) => composed(dir, [FLEET], env),
  },
];

describe.each(COMMANDS)("$command, of which a sum breaks", ({ folder, run }) => {
  let dir: string;

  beforeEach(async () => {
    dir = await scratchDir("broken");
  });

  it.each(FAULTS)("in $title, leaves its folder as it was", async ({ env, says }) => {
    const before = { WEIR_ACTIVE: "author,scene" };
    expect(await run(dir, before)).toMatchObject({ code: 0 });
    const content = await contentOf(dir);
    const ended = await run(dir, env);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(says);
    expect(await contentOf(dir)).toEqual(content);
    // Without the fault it would have written something else.
    expect(await run(dir)).toMatchObject({ code: 0 });
    expect(await contentOf(dir)).not.toEqual(content);
    expect(Object.keys(content)).toContain(folder);
  });

  it.each(FAULTS)("in $title, makes no folder", async ({ env }) => {
    expect(await run(dir, env)).toMatchObject({ code: 1 });
    expect(await readdir(dir)).toEqual([]);
  });
});
