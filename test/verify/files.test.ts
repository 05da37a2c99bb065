import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { weir, type World } from "../fleets/fakeShell.ts";

const FITS = readFileSync(join(import.meta.dirname, "cases/00-base-fits.yaml"), "utf8");
const CHART = "{{- if .Values.on }}\nkind: Pod\n{{- end }}\n";

async function verify(words: string, files: NonNullable<World["files"]>) {
  const { exitCode, out, err } = await weir(["verify", ...words.split(" ")], { files });
  return { exitCode, said: `${out}${err}` };
}

describe("a file that can't be read", () => {
  it.each([
    ["broken YAML", "a: [1\n", "what deploy/b.yaml says: it is not YAML"],
    ["bytes that are not UTF-8", "a: gr\u{fffd}n\n", "what deploy/b.yaml says: it is neither"],
    [
      "an object without a kind",
      "spec: { containers: [] }\n",
      "it makes pods, but has no apiVersion",
    ],
  ])("leaves the verdict open beside others: %s", async (_, text, expected) => {
    const files = { "deploy/a.yaml": FITS, "deploy/b.yaml": text };
    const { exitCode, said } = await verify("deploy", files);
    expect(exitCode).toBe(4);
    expect(said.replace(/\s+/g, " ")).toContain(expected);
    expect(said.replace(/\s+/g, " ")).toContain("30 ≤ 60: max_client_conn 60");
    expect(said).toContain("--exclude 'deploy/b.yaml'");
    expect(await verify("deploy --exclude deploy/b.yaml", files)).toMatchObject({ exitCode: 0 });
  });

  it("hides no broken sum", async () => {
    const files = { "a.yaml": FITS.replace('"20"', '"80"'), "b.yaml": "a: [1\n" };
    expect(await verify("a.yaml b.yaml", files)).toMatchObject({ exitCode: 3 });
  });

  it("alone, or among nothing else, is bad input", async () => {
    const files = { "a.yaml": "a: [1\n", "x/b.yaml": "a: [1\n", "x/values.yaml": "c: 1\n" };
    expect(await verify("a.yaml", files)).toMatchObject({ exitCode: 2 });
    const { exitCode, said } = await verify("a.yaml x", files);
    expect([exitCode, said.trim().split("\n").length]).toEqual([2, 2]);
  });

  it("is one question for all templates of a chart", async () => {
    const files = {
      "d/a.yaml": FITS,
      "d/chart/templates/a.yaml": CHART,
      "d/chart/templates/b.yaml": CHART,
    };
    const { exitCode, said } = await verify("d", files);
    expect(exitCode).toBe(4);
    expect(said).toContain("cannot tell: 1 missing");
    expect(said.replace(/\s+/g, " ")).toContain("--exclude 'd/chart/templates'");
  });
});

describe("a path that can't be read", () => {
  it("is named with all others", async () => {
    const files = { "a.yaml": FITS, "empty/x.txt": "" };
    expect(await verify("b.yaml a.yaml empty c.yaml", files)).toEqual({
      exitCode: 2,
      said: "b.yaml: there is no such file\nempty: has no *.yaml, *.yml, *.json or *.ini in it\nc.yaml: there is no such file\n",
    });
  });
});

describe("--exclude", () => {
  const files = {
    "d/a.yaml": FITS,
    "d/charts/x/a.yaml": CHART,
    "d/sub/broken.tpl.yaml": CHART,
  };

  it.each([
    ["folders and files by name", "--exclude charts --exclude *.tpl.yaml"],
    ["from the given folder", "--exclude charts/** --exclude sub/*.yaml"],
    ["as paths are printed", "--exclude ./d/charts/ --exclude d/sub/broken.tpl.yaml"],
  ])("leaves out %s, and says so", async (_, words) => {
    const { exitCode, said } = await verify(`d ${words}`, files);
    expect(exitCode).toBe(0);
    expect(said).toMatch(/Left out by --exclude: d\/charts\/.* and d\/sub\/broken.tpl.yaml/);
  });

  it("says what it does not find, and refuses to leave out everything", async () => {
    const { exitCode, said } = await verify("d/a.yaml --exclude e/**", files);
    expect([exitCode, said]).toEqual([
      0,
      expect.stringContaining("--exclude e/** matches no file"),
    ]);
    expect(await verify("d/a.yaml --exclude a.yaml", files)).toEqual({
      exitCode: 2,
      said: "--exclude leaves no file to read\n",
    });
  });
});
