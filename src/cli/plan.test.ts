import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { weir, type World } from "../../test/fleets/fakeShell.ts";
import { planFleet } from "../budget/planFleet.ts";
import { readFleet } from "../fleet/readFleet.ts";

const EXAMPLE = readFileSync(
  new URL("../../examples/writing-servers/fleet.yaml", import.meta.url),
  "utf8",
);

/** The fleet of the incident as it was: each pool fixed at 20. */
const INCIDENT = EXAMPLE.replaceAll(
  /^ {2}port: (\d+)$/gm,
  "  port: $1\n  pool: { guaranteed: 20, max: 20 }",
);

const BUDGET = `apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: other, namespace: other }
spec:
  postgres:
    { host: pg, database: other, credentialsSecretRef: { name: pg }, shareConnections: 40 }
  pgbouncer: { maxClientConn: 100, replicas: 1 }
`;

const MANY = `${BUDGET}${Array.from(
  { length: 60 },
  (_, index) => `---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: server-${index}, namespace: other }
spec: { budgetRef: { name: other }, image: example/server:1, port: 3000, pool: { max: ${1 + (index % 3)} }, rollout: { type: Recreate } }
`,
).join("")}`.replace("shareConnections: 40", "shareConnections: 90");

const FILES = { "fleet.yaml": EXAMPLE, "incident.yaml": INCIDENT, "other.yaml": BUDGET };

function plan(words: readonly string[], world: World = {}) {
  return weir(["plan", ...words], { files: { ...FILES, "many.yaml": MANY }, ...world });
}

describe("weir plan: the table", () => {
  it.each([
    ["example", ["fleet.yaml"], {}],
    ["example-colour", ["fleet.yaml"], { colour: true }],
    ["example-narrow", ["fleet.yaml"], { columns: 60 }],
    ["example-wide", ["fleet.yaml"], { columns: 180 }],
    ["incident", ["incident.yaml"], {}],
    ["incident-colour", ["incident.yaml"], { colour: true }],
    ["incident-narrow", ["incident.yaml"], { columns: 40 }],
    ["two-budgets", ["fleet.yaml", "other.yaml"], {}],
    ["many", ["many.yaml"], {}],
  ] as const)("%s", async (golden, files, world) => {
    const { out } = await plan(files, world);
    await expect(out).toMatchFileSnapshot(`golden/${golden}.txt`);
  });

  it.each([40, 60, 100, 180])("fits into %i columns", async (columns) => {
    for (const file of ["fleet.yaml", "incident.yaml", "many.yaml", "other.yaml"]) {
      const { out } = await plan([file], { columns });
      // A row is as wide as its numbers and the server's name, which is never cut.
      const wider = out.split("\n").filter((line) => line.length > Math.max(columns, 56));
      expect(wider).toEqual([]);
    }
  });

  it("says the same with and without colour", async () => {
    const plain = await plan(["incident.yaml"]);
    const coloured = await plan(["incident.yaml"], { colour: true });
    expect(coloured.out).not.toBe(plain.out);
    // oxlint-disable-next-line no-control-regex -- colour is what it looks for
    expect(coloured.out.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain.out);
    expect(plain.out).not.toContain("\u001b");
  });

  it("shows the client sum as one checks it by hand", async () => {
    const { out } = await plan(["fleet.yaml"]);
    expect(out).toContain(
      "200 = 2 consoles + 4 maintenance + 4 logins + 100 granted + 90 headroom",
    );
  });
});

describe("weir plan: for machines", () => {
  it("prints the plan as it is, as JSON and as YAML", async () => {
    const read = readFleet([{ name: "fleet.yaml", text: EXAMPLE }]);
    const expected = read.ok ? planFleet(read.fleet) : undefined;
    const json = await plan(["fleet.yaml", "--output", "json"]);
    expect(json.out).toBe(`${JSON.stringify(expected, undefined, 2)}\n`);
    const yaml = await plan(["fleet.yaml", "--output", "yaml"]);
    expect(parse(yaml.out)).toEqual(expected);
    expect([json, yaml].map(({ exitCode, err }) => [exitCode, err])).toEqual([
      [0, ""],
      [0, ""],
    ]);
  });

  it("prints an unfeasible one too, with exit code 3", async () => {
    const { exitCode, out, err } = await plan(["incident.yaml", "--output", "json"]);
    expect(exitCode).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      feasible: false,
      budgets: [{ clients: { granted: 400, usable: 190, missing: 210 } }],
    });
    expect(err).toBe("weir plan: not feasible: writing/writing\n");
  });

  it.each([
    [["incident.yaml"], {}, "incident.yaml"],
    [[], { WEIR_FLEET: "incident.yaml" }, "incident.yaml"],
    [
      ["incident.yaml", "other.yaml"],
      { WEIR_ACTIVE: "author,scene,review,reporting,book-planning" },
      "--active author,scene,review,reporting,book-planning incident.yaml other.yaml",
    ],
  ])("names the command that prints each field to change: %j %j", async (files, env, rest) => {
    const { out } = await plan(files, { env });
    const command = out.split("\n").find((line) => line.includes("npx weir plan")) ?? "";
    expect(command).toBe(`    npx weir plan --output yaml ${rest}`);
    const words = command.trim().split(" ").slice(3);
    expect((await plan(words)).out).toBe((await plan([...files, "--output", "yaml"], { env })).out);
  });
});

describe("weir plan: which fleet", () => {
  it("reads standard input for -", async () => {
    const { exitCode, out } = await plan(["-"], { files: { "-": EXAMPLE } });
    expect([exitCode, out]).toEqual([0, (await plan(["fleet.yaml"])).out]);
  });

  it("takes WEIR_FLEET when no file is named, and none when it is empty", async () => {
    const { out } = await plan([], { env: { WEIR_FLEET: "fleet.yaml" } });
    expect(out).toBe((await plan(["fleet.yaml"])).out);
    for (const env of [{}, { WEIR_FLEET: "" }]) {
      expect(await plan([], { env })).toMatchObject({
        exitCode: 2,
        out: "",
        err: "no fleet: name its file (- is standard input), or set WEIR_FLEET\n",
      });
    }
  });

  it("takes the other servers as if Disabled with --active, and with WEIR_ACTIVE", async () => {
    const given = await plan(["fleet.yaml", "--active", "scene, author", "--output", "json"]);
    expect(JSON.parse(given.out)).toMatchObject({
      budgets: [{ servers: [{ name: "author" }, { name: "scene" }] }],
    });
    const env = { WEIR_ACTIVE: "scene,author" };
    expect((await plan(["fleet.yaml", "--output", "json"], { env })).out).toBe(given.out);
    // What is given on the command line counts.
    const both = await plan(["fleet.yaml", "--active", "scene", "--output", "json"], { env });
    expect(JSON.parse(both.out)).toMatchObject({ budgets: [{ servers: [{ name: "scene" }] }] });
  });

  it.each([
    [["plan", "fleet.yaml", "--active", "scnee"], "named scnee; did you mean scene?"],
    [["plan", "fleet.yaml", "--active", "scene,payment"], "named payment\n"],
    [["plan", "nowhere.yaml"], "nowhere.yaml: there is no such file\n"],
    [["plan", "-", "-"], "standard input (-) can be read once only\n"],
    [["plan", "fleet.yaml", "--output", "xml"], "Allowed choices are table, json, yaml"],
    [["plan", "fleet.yaml", "--colour"], "unknown option '--colour'"],
    [["pla"], "Did you mean plan?"],
    [[], "Usage: weir"],
  ])("%j is bad input", async (words, message) => {
    const { exitCode, out, err } = await weir(words, { files: FILES });
    expect([exitCode, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });

  it("reports all problems of a fleet, each with its place", async () => {
    const text = EXAMPLE.replace("port: 3001", "port: 0").replace("port: 3002", "port: many");
    const { exitCode, err } = await plan(["x.yaml"], { files: { "x.yaml": text } });
    expect(exitCode).toBe(2);
    const places = err
      .trimEnd()
      .split("\n")
      .map((line) => line.split(": ").slice(0, 3).join(": "));
    expect(places).toEqual([
      expect.stringMatching(/^x\.yaml:\d+:\d+: McpServer\/book-planning: spec\.port$/),
      expect.stringMatching(/^x\.yaml:\d+:\d+: McpServer\/series-planning: spec\.port$/),
    ]);
  });
});
