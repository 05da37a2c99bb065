import { expect, it } from "vitest";
import { formatProblem } from "./problem.ts";
import { readFleet } from "./readFleet.ts";

const BUDGET = `apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: w, namespace: ns }
spec:
  postgres: { host: pg, database: d, credentialsSecretRef: { name: s } }
  pgbouncer: { maxClientConn: 200 }
`;

/** An McpServer that is well, but for the lines added to its spec. */
function server(lines = "", { name = "a", namespace = "ns", budget = "w" } = {}): string {
  return `---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  budgetRef: { name: ${budget} }
  image: x
  port: 3001
${lines}`;
}

function problemsOf(text: string): readonly string[] {
  const read = readFleet([{ name: "f.yaml", text }]);
  return read.ok ? [] : read.problems.map(formatProblem);
}

const READ_DIFFERENTLY = "YAML 1.1 and 1.2 read it differently";

it.each<[string, string, readonly string[]]>([
  ["nothing wrong", BUDGET + server(), []],
  [
    "an empty file",
    "",
    ["f.yaml:1:1: found nothing; must hold at least one object: ConnectionBudget or McpServer"],
  ],
  [
    "comments only",
    "# nothing\n",
    ["f.yaml:1:1: found nothing; must hold at least one object: ConnectionBudget or McpServer"],
  ],
  [
    "what is not YAML",
    `${BUDGET}---\nfoo: [1, 2\n`,
    ["f.yaml:9:1: is not YAML: a bracket or quote that opens above is not closed"],
  ],
  [
    "a document that is no object",
    `${BUDGET}---\njust text\n`,
    [
      'f.yaml:8:1: found "just text"; must be a mapping with apiVersion: weir.dev/v1alpha1 and kind: ConnectionBudget or McpServer',
    ],
  ],
  [
    "another kind",
    `${BUDGET}---\napiVersion: v1\nkind: Pod\nmetadata: { name: a }\n`,
    [
      'f.yaml:9:7: Pod/a: kind: found "Pod"; must be ConnectionBudget or McpServer (apiVersion: weir.dev/v1alpha1); weir verify reads other kinds',
    ],
  ],
  [
    "a key twice",
    BUDGET + server("  port: 3002\n"),
    ["f.yaml:15:3: McpServer/a: spec.port: may stand once only: the same field is above"],
  ],
  [
    "on",
    BUDGET + server("  priority: on\n"),
    [
      `f.yaml:15:13: McpServer/a: spec.priority: found on; must be quoted if it is text, or true: ${READ_DIFFERENTLY}`,
    ],
  ],
  ...["017", "0o17"].map((octal): [string, string, readonly string[]] => [
    octal,
    BUDGET + server(`  priority: ${octal}\n`),
    [
      `f.yaml:15:13: McpServer/a: spec.priority: found ${octal}; must be quoted if it is text, or a plain decimal number: ${READ_DIFFERENTLY}`,
    ],
  ]),
  [
    "a budget in another namespace",
    BUDGET + server("", { namespace: "other" }),
    [
      'f.yaml:12:22: McpServer/a: spec.budgetRef.name: found "w"; must be a ConnectionBudget of namespace other: this one is in namespace ns',
    ],
  ],
  [
    "a budget that isn't there",
    BUDGET + server("", { budget: "v" }),
    [
      'f.yaml:12:22: McpServer/a: spec.budgetRef.name: found "v"; must be a ConnectionBudget of namespace ns',
    ],
  ],
  [
    "two of one name",
    BUDGET + server() + server(),
    [
      `f.yaml:18:19: McpServer/a: metadata.name: found "a"; must be the only McpServer of this name in namespace ns (see f.yaml:8)`,
    ],
  ],
  [
    "a value that may be a secret, without showing it",
    BUDGET + server("  env: [{ name: TOKEN, value: [hunter2] }]\n"),
    [
      "f.yaml:15:31: McpServer/a: spec.env[0].value: found a list; must be text of at most 32768 characters",
    ],
  ],
  [
    "a server with the name of the role, since both have a password in one list",
    BUDGET + server("", { name: "d" }),
    [
      'f.yaml:10:19: McpServer/d: metadata.name: found "d"; must not be the Postgres role of its budget (spec.postgres.user): the server has a login of its own',
    ],
  ],
  [
    "several at once, in the order of the file",
    BUDGET +
      server(
        "  pool: { guaranteed: 9, max: 3, minIdle: x }\n  rollout: { type: rolling }\n  replicas: -1\n",
      ),
    [
      "f.yaml:15:23: McpServer/a: spec.pool.guaranteed: found 9; must be at most pool.max",
      'f.yaml:15:43: McpServer/a: spec.pool.minIdle: found "x"; must be a whole number from 0 to 1000000',
      'f.yaml:16:20: McpServer/a: spec.rollout.type: found "rolling"; must be RollingUpdate or Recreate',
      "f.yaml:17:13: McpServer/a: spec.replicas: found -1; must be a whole number from 1 to 10000",
    ],
  ],
  [
    "a PgBouncer in the place of Postgres",
    BUDGET.replace("host: pg", "host: w-pgbouncer, port: 6432"),
    [
      "f.yaml:5:21: ConnectionBudget/w: spec.postgres.host: must be a Postgres: this is a budget's PgBouncer (see f.yaml:1)",
    ],
  ],
  [
    "a host with its port",
    BUDGET.replace("host: pg", "host: 'pg:5432'"),
    [
      'f.yaml:5:21: ConnectionBudget/w: spec.postgres.host: found "pg:5432"; must be a host name or an IP address, without a port, of at most 253 characters',
    ],
  ],
  [
    "a wait without end",
    BUDGET.replace("200 }", "200, parameters: { query_wait_timeout: '0.0000001' } }"),
    [
      'f.yaml:6:70: ConnectionBudget/w: spec.pgbouncer.parameters.query_wait_timeout: found "0.0000001"; must set query_wait_timeout to whole seconds from 1 to 99999: with 0 a client would wait for ever',
    ],
  ],
  [
    "a member that two processes host",
    BUDGET + server("  members: [a, b]\n") + server("", { name: "b" }),
    [
      'f.yaml:19:19: McpServer/b: metadata.name: found "b"; must be hosted once in a budget: McpServer/a hosts it (see f.yaml:8)',
    ],
  ],
  [
    "a member that has moved away from one that sleeps: nothing wrong",
    BUDGET + server("  members: [a, b]\n") + server("  activation: Disabled\n", { name: "b" }),
    [],
  ],
])("tells of %s", (_, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

it("reads no more than 50,000 documents", () => {
  const problems = problemsOf("---\na: b\n".repeat(50_001));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain("at most 50000 documents");
});

it("does not unfold aliases of aliases", () => {
  const levels = "bcdefghi";
  const bomb = levels
    .split("")
    .map(
      (level, index) =>
        `${level}: &${level} [${Array(9).fill(`*${"abcdefgh"[index]}`).join(", ")}]`,
    );
  const text = `${BUDGET.trimEnd()}\na: &a [x, x, x, x, x, x, x, x, x]\n${bomb.join("\n")}\n`;
  const problems = problemsOf(text);
  expect(problems.some((problem) => problem.includes("alias"))).toBe(true);
});
