import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { manifestFiles } from "../../charts/manifestFiles.ts";
import { plannedBudgets, planFleet } from "../budget/planFleet.ts";
import { weir, type World } from "../../test/fleets/fakeShell.ts";
import { readFleet } from "../fleet/readFleet.ts";

const OLD = readFileSync(
  new URL("../../examples/writing-servers/fleet.yaml", import.meta.url),
  "utf8",
);

/** One server sleeps, one needs less, one more; a PgBouncer process more. */
const NEXT = OLD.replace("port: 3001\n", "port: 3001\n  pool: { max: 3 }\n")
  .replace("port: 3004\n", "port: 3004\n  replicas: 3\n")
  .replace("port: 3005\n", "port: 3005\n  activation: Disabled\n")
  .replace("maxClientConn: 200", "maxClientConn: 150\n    replicas: 3");

/** Another budget in another namespace, that takes what the first one gives. */
const TWO = `${NEXT.replace("database: writing", "database: writing\n    shareConnections: 60")}
---
apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: reading, namespace: reading }
spec:
  postgres:
    host: writing-postgres.writing
    database: reading
    shareConnections: 37
    credentialsSecretRef: { name: reading-postgres }
  pgbouncer: { maxClientConn: 50 }
---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: search, namespace: reading }
spec: { budgetRef: { name: reading }, image: example/search:1, port: 3000 }
`;

/** A PgBouncer and a workload that weir did not make. */
const FOREIGN = `apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: old, namespace: old }
spec:
  mode: Observe
  postgres: { host: pg, database: old, credentialsSecretRef: { name: pg } }
  pgbouncer:
    maxClientConn: 100
    existing: { host: pgbouncer, processes: 1, statsSecretRef: { name: stats } }
---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: planner, namespace: old }
spec:
  budgetRef: { name: old }
  workloadRef: { kind: Deployment, name: old-planner }
  port: 3000
`;

const FILES = { "old.yaml": OLD, "new.yaml": NEXT, "two.yaml": TWO, "foreign.yaml": FOREIGN };

function stepsFrom(old: string, words: readonly string[], world: World = {}) {
  return weir(["plan", "--from", old, ...words], { files: FILES, ...world });
}

describe("weir plan --from", () => {
  it.each([
    ["steps", "old.yaml", ["new.yaml"], {}],
    ["steps-colour", "old.yaml", ["new.yaml"], { colour: true }],
    ["steps-two", "old.yaml", ["two.yaml"], {}],
    ["steps-back", "two.yaml", ["old.yaml"], {}],
    ["steps-active", "old.yaml", ["old.yaml", "--active", "scene,author"], {}],
  ] as const)("%s", async (golden, old, words, world) => {
    const { exitCode, out, err } = await stepsFrom(old, words, world);
    expect([exitCode, err]).toEqual([0, ""]);
    await expect(out).toMatchFileSnapshot(`golden/${golden}.txt`);
  });

  it("prints the plan and the steps for machines", async () => {
    const json = await stepsFrom("old.yaml", ["new.yaml", "--output", "json"]);
    const yaml = await stepsFrom("old.yaml", ["new.yaml", "--output", "yaml"]);
    const plan = await weir(["plan", "new.yaml", "--output", "json"], { files: FILES });
    const data = z.looseObject({ steps: z.array(z.looseObject({ action: z.string() })) });
    const { steps, ...rest } = data.parse(JSON.parse(json.out));
    expect(rest).toEqual(JSON.parse(plan.out));
    expect(steps.map(({ action }) => action)).toEqual([
      "Delete",
      "Apply",
      "Apply",
      "Apply",
      "ApplyAll",
    ]);
    expect(parse(yaml.out)).toEqual(JSON.parse(json.out));
  });

  it("says so when nothing changes", async () => {
    const { exitCode, out } = await stepsFrom("old.yaml", ["old.yaml"]);
    expect([exitCode, out]).toEqual([0, "✓ Nothing changes: there is nothing to apply.\n"]);
  });

  it("leads nowhere that cannot fit, and from nowhere that could not", async () => {
    const files = { ...FILES, "bad.yaml": NEXT.replace("pool: { max: 3 }", "replicas: 100") };
    const to = await stepsFrom("old.yaml", ["bad.yaml"], { files });
    expect([to.exitCode, to.err]).toEqual([3, "weir plan: not feasible: writing/writing\n"]);
    expect(to.out).toContain("✗ Budget writing/writing cannot fit");
    const from = await stepsFrom("bad.yaml", ["new.yaml"], { files });
    expect(from).toEqual({
      exitCode: 3,
      out: "",
      err: "bad.yaml: not feasible: writing/writing; no manifests were generated from it, so it is not what runs\n",
    });
  });

  it("reads standard input once", async () => {
    expect(await stepsFrom("-", ["-"])).toMatchObject({
      exitCode: 2,
      err: "standard input (-) can be read once only\n",
    });
    const piped = await stepsFrom("-", ["new.yaml"], { files: { ...FILES, "-": OLD } });
    expect(piped.out).toContain("5 steps from - to new.yaml");
  });

  it("writes the manifests with what the environment wishes for", async () => {
    const env = { WEIR_ACTIVE: "scene", WEIR_TRYOUT_POSTGRES: "1" };
    const { out } = await stepsFrom("old.yaml", ["new.yaml"], { files: FILES, env });
    expect(out).toContain(
      "WEIR_FLEET=new.yaml WEIR_ACTIVE=scene WEIR_TRYOUT_POSTGRES=1 npx cdk8s synth --check-upgrade=false\n",
    );
    const refused = { files: FILES, env: { WEIR_TRYOUT_POSTGRES: "yes" } };
    expect(await stepsFrom("old.yaml", ["new.yaml"], refused)).toMatchObject({
      exitCode: 2,
      err: 'WEIR_TRYOUT_POSTGRES: found "yes"; must be 1, 0 or unset\n',
    });
  });

  it("leaves to people what weir did not make", async () => {
    const files = {
      ...FILES,
      "less.yaml": FOREIGN.replace("port: 3000", "port: 3000\n  pool: { max: 2 }"),
    };
    const { out } = await stepsFrom("foreign.yaml", ["less.yaml"], { files });
    const commands = out.split("\n").filter((line) => /^ {5}\S/.test(line));
    expect(commands.map((line) => line.trim())).toEqual([
      "# by hand, since weir did not make it: McpServer old/planner",
      "# by hand, since weir did not make it: ConnectionBudget old/old",
      "WEIR_FLEET=less.yaml npx cdk8s synth --check-upgrade=false",
      "kubectl apply -f manifests/",
    ]);
  });
});

describe("the commands", () => {
  it("name files and labels that the manifests have", async () => {
    const read = readFleet([{ name: "two.yaml", text: TWO }]);
    if (!read.ok) throw new Error("not a fleet");
    const planned = plannedBudgets(read.fleet, planFleet(read.fleet));
    const files = [...manifestFiles(planned, [])];
    const text = files.map((file) => file.text).join("");
    const labels = z.looseObject({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
    });
    const made = parseAllDocuments(text).map(
      (document) => labels.parse(document.toJS()).metadata.labels,
    );

    const there = await stepsFrom("old.yaml", ["two.yaml"]);
    const back = await stepsFrom("two.yaml", ["old.yaml"]);
    const named = [...there.out.matchAll(/-f (manifests\/\S+\.yaml)/g)].map(([, file]) => file);
    const known = new Set(files.map(({ name }) => `manifests/${name}`));
    expect(named.filter((file) => file !== undefined && !known.has(file))).toEqual([]);
    expect(named.length).toBeGreaterThan(3);

    const selectors = [...back.out.matchAll(/-l '([^']+)'/g)].flatMap(
      ([, selector]) => selector ?? [],
    );
    expect(selectors.length).toBeGreaterThan(2);
    for (const selector of selectors) {
      const wanted = selector
        .split(/,(?=app)/)
        .map((term) => /^(\S+?)(?:=| in \()([^)]+)/.exec(term));
      const matching = made.filter((has) =>
        wanted.every((term) => term?.[2]?.split(",").includes(has[term[1] ?? ""] ?? "")),
      );
      expect({ selector, matching: matching.length > 0 }).toEqual({ selector, matching: true });
    }
  });
});
