import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

import { runToEnd } from "../../tools/processes/runToEnd.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { ROOT } from "../synth/commands.ts";

/** A composite action, as far as this one is one. */
const ACTION = z.strictObject({
  name: z.string(),
  description: z.string().max(125),
  author: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
  inputs: z.record(
    z.string(),
    z.strictObject({
      description: z.string(),
      required: z.literal(true).optional(),
      default: z.string().optional(),
    }),
  ),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({
    using: z.literal("composite"),
    steps: z.array(
      z.union([
        z.strictObject({
          uses: z.string().regex(/@v\d+$/),
          with: z.record(z.string(), z.string()),
        }),
        z.strictObject({
          id: z.string(),
          shell: z.literal("bash"),
          env: z.record(z.string(), z.string()).optional(),
          // GitHub puts expressions into the text before bash reads it: none may stand there.
          run: z.string().regex(/^(?:(?!\$\{\{)[^])*$/),
        }),
      ]),
    ),
  }),
});

const action = ACTION.parse(parse(readFileSync(join(ROOT, "action.yml"), "utf8")));
const CASES = join(ROOT, "test/verify/cases");

/** Runs the step `verify` as GitHub would, the weir of the repository installed. */
async function verified(inputs: Readonly<Record<string, string>>) {
  const step = action.runs.steps.find((one) => "id" in one && one.id === "verify");
  if (step === undefined || !("run" in step)) throw new Error("action.yml has no step verify");
  const folder = await scratchDir("action");
  const file = async (name: string, text = ""): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const expression = /\$\{\{ inputs\.([\w-]+) \}\}/g;
  const env = Object.entries(step.env ?? {}).map(([name, value]) => [
    name,
    value.replaceAll(
      expression,
      (_, input: string) => inputs[input] ?? action.inputs[input]?.default ?? "",
    ),
  ]);
  const output = await file("output");
  const summary = await file("summary");
  const script = await file("step.sh", step.run);
  const { code, stdout } = await runToEnd(
    "bash",
    ["--noprofile", "--norc", "-eo", "pipefail", script],
    {
      cwd: folder,
      env: {
        ...process.env,
        ...Object.fromEntries(env),
        PATH: [join(ROOT, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
        GITHUB_ACTION_PATH: ROOT,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
      },
    },
  );
  const [outputs, text] = [await readFile(output, "utf8"), await readFile(summary, "utf8")];
  return { code, stdout, folder, outputs: outputs.split("\n").slice(0, -1), summary: text };
}

describe("the GitHub Action", () => {
  it.each([
    ["00-base-fits.yaml", {}, 0, "fits", "✓ Proved", undefined],
    ["42-kubedb.yaml", {}, 3, "broken", "> 20: max_client_conn 20", "::error::"],
    ["42-kubedb.yaml", { "cannot-tell": "warn" }, 3, "broken", "✗ Broken", "::error::"],
    ["pgcat-compose.yaml", {}, 4, "unknown", "? Cannot tell", "::error::"],
    ["pgcat-compose.yaml", { "cannot-tell": "warn" }, 0, "unknown", "PgCat", "::warning::"],
  ] as const)("of %s with %j", async (file, inputs, exitCode, verdict, says, command) => {
    const { code, stdout, outputs, summary } = await verified({
      ...inputs,
      paths: join(CASES, file),
    });
    expect([code, outputs]).toEqual([exitCode, [`verdict=${verdict}`, "sarif-file="]]);
    expect(summary).toContain(says);
    expect(summary.startsWith(`## weir verify: ${verdict}\n`)).toBe(true);
    const commands = stdout.split("\n").flatMap((line) => /^::\w+::/.exec(line)?.[0] ?? []);
    expect(commands).toEqual(command === undefined ? [] : [command]);
  });

  it("writes SARIF, takes several paths and what they don't say", async () => {
    const { code, outputs, folder } = await verified({
      paths: `${join(CASES, "00-base-fits.yaml")}\n\n`,
      annotate: "Deployment shop/web:weir.dev/pool-max=200\n",
      args: "--annotate=Deployment shop/web:weir.dev/processes-per-pod=2",
      "sarif-file": "weir.sarif",
    });
    expect([code, outputs]).toEqual([3, ["verdict=broken", "sarif-file=weir.sarif"]]);
    const sarif: unknown = JSON.parse(await readFile(join(folder, "weir.sarif"), "utf8"));
    const rule: unknown = expect.objectContaining({ ruleId: "weir/clients-over-capacity" });
    const results: unknown = expect.arrayContaining([rule]);
    expect(sarif).toMatchObject({ version: "2.1.0", runs: [{ results }] });
  });

  const FITTING = join(CASES, "00-base-fits.yaml");
  const FULL = "Deployment shop/web:weir.dev/pool-max=55";

  it.each([
    [{ strict: "true" }, "unknown", "weir.dev/processes-per-pod=1"],
    [{ strict: "false" }, "fits", "~ Assuming"],
    // 55 of 60: the reserve of 10 has no place.
    [{ annotate: FULL }, "fits", "Deployment shop/web"],
    [{ annotate: FULL, reserve: "false" }, "fits", "Deployment shop/web"],
    [{ annotate: FULL, reserve: "true" }, "broken", "max_client_conn 60"],
  ])("takes %j", async (inputs, verdict, says) => {
    const { outputs, summary } = await verified({ ...inputs, paths: FITTING });
    expect(outputs).toEqual([`verdict=${verdict}`, "sarif-file="]);
    expect(summary).toContain(says);
  });

  it.each([
    [{ namespace: "lab" }, "lab"],
    [{}, "default"],
  ])("gives objects that name no namespace that of %j", async (inputs, namespace) => {
    const text = await readFile(FITTING, "utf8");
    const paths = join(await scratchDir("action"), "system.yaml");
    await writeFile(paths, text.replaceAll(", namespace: shop", ""));
    const { outputs, summary } = await verified({ ...inputs, paths });
    expect(outputs[0]).toBe("verdict=fits");
    expect(summary).toContain(`PgBouncer Deployment ${namespace}/pooler`);
  });

  it.each([
    [{ paths: "there-is-none" }, "can't read its input"],
    [{ paths: CASES, "cannot-tell": "maybe" }, "cannot-tell must be fail or warn"],
  ])("refuses %j", async (inputs, says) => {
    const { code, stdout } = await verified(inputs);
    expect(code).toBe(2);
    expect(stdout).toContain(`::error::weir verify: ${says}`);
  });
});
