import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mutated } from "../../test/fleets/arbitraryYaml.ts";
import { checkDocument } from "./objectCheck.ts";
import { keyOf } from "../api/fleet.ts";
import { formatProblem } from "./problem.ts";
import { readFleet } from "./readFleet.ts";
import { readYaml } from "./yaml.ts";

const EXAMPLE = readFileSync("examples/writing-servers/fleet.yaml", "utf8");

const BUDGET = `apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: writing, namespace: writing }
spec:
  postgres:
    host: pg
    database: studio
    credentialsSecretRef: { name: pg }
  pgbouncer:
    maxClientConn: 200
`;

/** A budget, and a server whose last field is `port`. */
function withServer(port: string): string {
  return `${BUDGET}---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: author, namespace: writing }
spec:
  budgetRef: { name: writing }
  image: author:1
  port: ${port}
`;
}

function problemsOf(text: string): string[] {
  const read = readFleet([{ name: "f", text }]);
  return read.ok ? [] : read.problems.map(formatProblem);
}

describe("a fleet that is well", () => {
  it("is read in order, with its defaults", () => {
    const read = readFleet([{ name: "fleet.yaml", text: EXAMPLE }]);
    expect(read.ok && read.fleet.budgets.map(keyOf)).toEqual(["writing/writing"]);
    expect(read.ok && read.fleet.servers.map((server) => server.spec.port)).toEqual([
      3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010,
    ]);
    expect(read.ok && read.fleet.servers[0]?.spec.pool.max).toBe(5);
  });

  it.each([
    ["a byte order mark", `\ufeff${EXAMPLE}`],
    ["line ends of Windows", EXAMPLE.replaceAll("\n", "\r\n")],
    ["a first separator", `---\n${EXAMPLE}`],
    ["a last separator and nothing after it", `${EXAMPLE}---\n# nothing\n`],
    ["no last line end", EXAMPLE.trimEnd()],
    ["names in quotes", EXAMPLE.replaceAll("port:", '"port":')],
  ])("may have %s", (_, text) => {
    expect(readFleet([{ name: "f", text }])).toEqual(readFleet([{ name: "f", text: EXAMPLE }]));
  });

  it("may stand in several files", () => {
    const [first = "", ...others] = EXAMPLE.split("---\n");
    const sources = [others.join("---\n"), first].map((text, index) => ({
      name: `${index}`,
      text,
    }));
    expect(readFleet(sources)).toEqual(readFleet([{ name: "f", text: EXAMPLE }]));
  });

  it("may be JSON", () => {
    const read = readFleet([{ name: "f", text: BUDGET }]);
    const json = JSON.stringify(read.ok && read.fleet.budgets[0], undefined, 2);
    expect(readFleet([{ name: "f", text: json }])).toEqual(read);
  });

  it("may repeat values by aliases", () => {
    const read = readFleet([{ name: "f", text: withServer("3001\n  command: [&run go, *run]") }]);
    expect(read.ok && read.fleet.servers[0]?.spec.command).toEqual(["go", "go"]);
  });

  it("may have ten thousand servers", () => {
    const [budget = "", server = ""] = EXAMPLE.split("---\n");
    const namespaces = Array.from({ length: 20 }, (_, index) => `w${index}`);
    const text = namespaces
      .flatMap((namespace) =>
        [
          budget,
          ...Array.from({ length: 500 }, (_, n) => server.replace("book-planning", `s${n}`)),
        ].map((document) => document.replace("namespace: writing", `namespace: ${namespace}`)),
      )
      .join("---\n");
    const read = readFleet([{ name: "f", text }]);
    expect(read.ok && [read.fleet.budgets.length, read.fleet.servers.length]).toEqual([20, 10_000]);
  });
});

describe("problems", () => {
  it("are all found in one run, in the order of the text", () => {
    const budget = BUDGET.replace("studio", "maintenance").replace(
      "200",
      "5\n    reserve: { consoles: x }\n    replicas: 0",
    );
    const text = `${budget}---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: author, namespace: writing, lables: {} }
spec:
  budgetRef: { name: writting }
  port: x
  pool: { guaranteed: 9, max: 1.5, minIdle: 10 }
---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: author, namespace: writing }
spec: [
---
apiVersion: weir.dev/v1alpha1
kind: Pod
`;
    expect(problemsOf(text)).toEqual([
      "f:5:3: ConnectionBudget/writing: spec.postgres.user: missing; must not be one of pgbouncer, maintenance, weir_stats: PgBouncer knows a login by that name",
      'f:11:26: ConnectionBudget/writing: spec.pgbouncer.reserve.consoles: found "x"; must be a whole number from 0 to 1000000',
      "f:12:15: ConnectionBudget/writing: spec.pgbouncer.replicas: found 0; must be a whole number from 1 to 100",
      "f:16:47: McpServer/author: metadata.lables: unknown field; did you mean labels?",
      "f:17:1: McpServer/author: spec.image: missing; must be given, unless workloadRef names a workload that is there",
      'f:18:22: McpServer/author: spec.budgetRef.name: found "writting"; must be a ConnectionBudget of namespace writing; did you mean writing?',
      'f:19:9: McpServer/author: spec.port: found "x"; must be a whole number from 1 to 65535',
      "f:20:31: McpServer/author: spec.pool.max: found 1.5; must be a whole number from 1 to 1000000",
      "f:20:45: McpServer/author: spec.pool.minIdle: found 10; must be at most pool.guaranteed: what is always open must be guaranteed",
      'f:24:19: McpServer/author: metadata.name: found "author"; must be the only McpServer of this name in namespace writing (see f:14)',
      "f:26:1: McpServer/author: is not YAML: a bracket or quote that opens above is not closed",
      'f:28:7: Pod: kind: found "Pod"; must be ConnectionBudget or McpServer (apiVersion: weir.dev/v1alpha1); weir verify reads other kinds',
    ]);
  });

  it("are reported of every file", () => {
    const sources = [BUDGET, "", "x", BUDGET].map((text, index) => ({ name: `${index}`, text }));
    const read = readFleet(sources);
    expect(read.ok ? [] : read.problems.map(formatProblem)).toEqual([
      "1:1:1: found nothing; must hold at least one object: ConnectionBudget or McpServer",
      expect.stringMatching(/^2:1:1: found "x"; must be a mapping/),
      '3:3:19: ConnectionBudget/writing: metadata.name: found "writing"; must be the only ConnectionBudget of this name in namespace writing (see 0:1)',
    ]);
  });

  it("of a budget that can't be read are not blamed on its servers", () => {
    for (const broken of [
      BUDGET.replace("ConnectionBudget", "ConectionBudget"),
      BUDGET.replace("host: pg", "host: [pg"),
      BUDGET.replace("name: writing,", "name: ,"),
      "%YAML 1.1\n",
    ]) {
      const problems = problemsOf(withServer("1").replace(BUDGET, broken));
      expect(problems).not.toEqual([]);
      expect(problems.join("\n")).not.toContain("budgetRef");
    }
  });

  it.each([
    `1\n  env: [{ name: A, value: hunter2, valueFrom: {} }, { name: A, value: [hunter2] }]`,
    `1\n  env: [{ name: A, value: { hunter2: 1 } }]`,
    `1\n  env:\n    - name: A\n      value: |hunter2`,
    `1\n  env:\n    - name: A\n      value: "\\hunter2"`,
    `1\n  env: [{ name: A, value: 7_0 }]`,
    `1\n  args: ["--password=hunter2", 70, 7_0]`,
    `1\n  password: hunter2`,
    `1\n  path: "x://user:hunter2@host /"`,
    `1\n  credentialsSecretRef: { name: "password=hunter2" }`,
  ])("never show what may be a secret: port: %s", (port) => {
    const problems = problemsOf(withServer(port));
    expect(problems).not.toEqual([]);
    expect(problems.join("\n")).not.toMatch(/hunter2|\b70|7_0/);
  });
});

/** A small fleet in which something was changed, or nothing. */
const fleetText = mutated(
  fc.constantFrom(
    withServer("3001\n  env:\n  - name: A\n    value: '5'\n  members: [a, b] # two"),
    withServer("3001\n  pool: { guaranteed: 1, max: 2 }\n  rollout: { maxSurge: 25% }"),
  ),
);

describe("reading quickly, and reading for problems", () => {
  it("come to the same verdict and the same objects", () => {
    let well = 0;
    fc.assert(
      fc.property(fleetText, (text) => {
        const read = readFleet([{ name: "f", text }]);
        if (!read.ok) return;
        well += 1;
        const slowly = readYaml({ name: "f", text }).documents.map(checkDocument);
        expect(slowly.flatMap(({ problems }) => problems)).toEqual([]);
        expect(slowly.map(({ draft }) => draft?.object)).toEqual([
          ...read.fleet.budgets,
          ...read.fleet.servers,
        ]);
      }),
      { numRuns: 3000 },
    );
    // Else there was hardly anything to compare.
    expect(well).toBeGreaterThan(100);
  });
});
