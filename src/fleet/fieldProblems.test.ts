import { describe, expect, it } from "vitest";
import { formatProblem } from "./problem.ts";
import { readFleet } from "./readFleet.ts";

/** What is said of a server whose last field is `port`, on line 8, without file and object. */
function problemsOf(port: string, name = "author"): string[] {
  const text = `apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: ${name}, namespace: writing }
spec:
  budgetRef: { name: writing }
  image: author:1
  activation: Always
  port: ${port}
---
apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: writing, namespace: writing }
spec:
  postgres: { host: pg, database: studio, credentialsSecretRef: { name: pg } }
  pgbouncer: { maxClientConn: 200 }
`;
  const read = readFleet([{ name: "f", text }]);
  const lines = read.ok ? [] : read.problems.map(formatProblem);
  return lines.map((line) => line.replace(/^f:(.*?): McpServer(?:\/[-\w]+)?: /, "$1: "));
}

describe("a field that is wrong", () => {
  it.each([
    ["abc", '8:9: spec.port: found "abc"; must be a whole number from 1 to 65535'],
    ["0", "8:9: spec.port: found 0; must be a whole number from 1 to 65535"],
    ["1.5", "8:9: spec.port: found 1.5; must be a whole number from 1 to 65535"],
    ['"3001"', '8:9: spec.port: found "3001"; must be a whole number from 1 to 65535'],
    ["", "8:9: spec.port: found nothing; must be a whole number from 1 to 65535"],
    ["[1]", "8:9: spec.port: found a list; must be a whole number from 1 to 65535"],
    ["1\n  prot: 5", "9:3: spec.prot: unknown field; did you mean port?"],
    // The one field that it means is not reported as missing too.
    [
      "1\n  budgetReff: { name: writing }",
      "9:3: spec.budgetReff: unknown field; did you mean budgetRef?",
    ],
    ["1\n  max: 5", "9:3: spec.max: unknown field; did you mean spec.pool.max?"],
    [
      "1\n  pool: { guarantee: 1 }",
      "9:11: spec.pool.guarantee: unknown field; did you mean guaranteed?",
    ],
    [
      "1\n  rollout: { foo: 1 }",
      "9:14: spec.rollout.foo: unknown field; known here are type, maxSurge, maxUnavailable",
    ],
    [
      "1\n  path: mcp",
      '9:9: spec.path: found "mcp"; must be a path that begins with / and has no spaces, of at most 1024 characters',
    ],
    [
      "1\n  members: []",
      "9:12: spec.members: found an empty list; must be a list of 1 to 500 entries",
    ],
    [
      "1\n  rollout: { type: rolling }",
      '9:20: spec.rollout.type: found "rolling"; must be RollingUpdate or Recreate',
    ],
    [
      "1\n  rollout: { maxSurge: 200% }",
      '9:24: spec.rollout.maxSurge: found "200%"; must be a whole number from 0 to 10000 or a percentage',
    ],
    [
      "1\n  resources: { limits: { cpu: 0.5 } }",
      '9:31: spec.resources.limits.cpu: found 0.5; must be a whole number of at least 0 or a quantity such as "500m" or "1Gi", of at most 32 characters',
    ],
    [
      "1\n  nodeSelector: { zone: 5 }",
      "9:25: spec.nodeSelector.zone: found 5; must be text of at most 63 characters: write it in quotes",
    ],
    [
      "1\n  env:\n    - name: A-B",
      '10:13: spec.env[0].name: found "A-B"; must be the name of an environment variable, of at most 128 characters',
    ],
    ["1\n  env: { A: b }", "9:8: spec.env: found a mapping; must be a list of at most 200 entries"],
    ["1\n  command: [x, [z]]", "9:16: spec.command[1]: found a list; must be text"],
    [
      "1\n  pool:",
      "9:8: spec.pool: found nothing; must be a mapping with guaranteed, max, minIdle, idleTimeoutMs, connectionTimeoutMs, processesPerPod, resize, env",
    ],
  ])("port: %s", (port, problem) => {
    expect(problemsOf(port)).toEqual([problem]);
  });

  it.each([
    [
      "Author",
      "found \"Author\"; must be lower case letters, digits and '-' that begin with a letter and end with a letter or digit, of at most 63 characters",
    ],
    [
      "123",
      "found 123; must be lower case letters, digits and '-' that begin with a letter and end with a letter or digit, of at most 63 characters",
    ],
    [
      "true",
      "found true; must be lower case letters, digits and '-' that begin with a letter and end with a letter or digit, of at most 63 characters: write it in quotes",
    ],
    [
      "maintenance",
      'found "maintenance"; must not be one of pgbouncer, maintenance, all, replication, samegroup, samerole, sameuser: the name is also the server\'s line and login in PgBouncer',
    ],
  ])("name: %s", (name, problem) => {
    expect(problemsOf("1", name)).toEqual([`3:19: metadata.name: ${problem}`]);
  });
});

describe("fields that don't fit each other", () => {
  it.each([
    [
      "1\n  pool: { guaranteed: 7 }",
      "9:23: spec.pool.guaranteed: found 7; must be at most pool.max",
    ],
    [
      "1\n  pool: { max: 1, guaranteed: x, minIdle: 1 }",
      '9:31: spec.pool.guaranteed: found "x"; must be a whole number from 1 to 1000000',
    ],
    [
      "1\n  rollout: { maxSurge: 2 }",
      "9:24: spec.rollout.maxSurge: found 2; must be at most replicas, or autoscaling.maxReplicas: the sum counts two generations of pods",
    ],
    [
      "1\n  rollout: { maxSurge: 0 }",
      "9:3: spec.rollout.maxUnavailable: found 0; must not be 0 when maxSurge is 0: the rollout could not move",
    ],
    [
      "1\n  autoscaling: { minReplicas: 3, maxReplicas: 2 }",
      "9:31: spec.autoscaling.minReplicas: found 3; must be at most maxReplicas",
    ],
    [
      "9128\n  pool: { processesPerPod: 2 }",
      "8:9: spec.port: found 9128; must not be 9127 or the ports after it, one for each process of the pod: the pool library serves there",
    ],
    ["1\n  members: [a, b, a]", '9:19: spec.members[2]: found "a"; must name each member once'],
    [
      "1\n  env: [{ name: A }, { name: A }]",
      '9:30: spec.env[1].name: found "A"; must name each variable once',
    ],
    [
      "1\n  env: [{ name: A, value: b, valueFrom: {} }]",
      "9:41: spec.env[0].valueFrom: found a mapping; must not be given beside value",
    ],
    [
      "1\n  env: [{ name: DB_POOL_MIN }]",
      '9:17: spec.env[0].name: found "DB_POOL_MIN"; must not name a variable that weir sets: those of pool.env, ACTIVE_MCP_SERVERS, DATABASE_URL, MCP_PATH, NODE_EXTRA_CA_CERTS, PGDATABASE, PGHOST, PGPASSWORD, PGPORT, PGSSLMODE, PGSSLROOTCERT, PGUSER, PORT, WEIR_POOL_PORT',
    ],
  ])("port: %s", (port, problem) => {
    expect(problemsOf(port)).toEqual([problem]);
  });

  it("are reported also where another field of the object is wrong", () => {
    expect(problemsOf("x\n  pool: { guaranteed: 7, env: 5 }\n  members: [a, a]")).toEqual([
      '8:9: spec.port: found "x"; must be a whole number from 1 to 65535',
      "9:23: spec.pool.guaranteed: found 7; must be at most pool.max",
      "9:31: spec.pool.env: found 5; must be a mapping with max, minIdle, idleTimeoutMs, connectionTimeoutMs",
      '10:16: spec.members[1]: found "a"; must name each member once',
    ]);
  });
});

describe("values that YAML 1.1 and 1.2 read differently", () => {
  const numbers =
    "must be quoted if it is text, or a plain decimal number: YAML 1.1 and 1.2 read it differently";
  it.each([
    ["017", `8:9: spec.port: found 017; ${numbers}`],
    ["0o17", `8:9: spec.port: found 0o17; ${numbers}`],
    ["1_000", `8:9: spec.port: found 1_000; ${numbers}`],
    ["1:30", `8:9: spec.port: found 1:30; ${numbers}`],
    [
      "1\n  path: on",
      "9:9: spec.path: found on; must be quoted if it is text, or true: YAML 1.1 and 1.2 read it differently",
    ],
    [
      "1\n  no: 5",
      "9:3: spec.no: found no; must be quoted if it is text, or false: YAML 1.1 and 1.2 read it differently",
    ],
    [
      "1\n  path: 2024-01-01",
      "9:9: spec.path: found 2024-01-01; must be quoted: YAML 1.1 reads it as a date",
    ],
    [
      "1\n  affinity: { <<: {} }",
      '9:15: spec.affinity["<<"]: found <<; must be quoted: YAML 1.1 gives it a meaning of its own',
    ],
    ["1\n  ? path\n  : /x", '9:5: spec.path: a field must be written NAME: VALUE, without "?"'],
    [
      "1\n  affinity: { a\n    : x }",
      "9:15: spec.affinity.a: the colon must stand on the line of the field's name",
    ],
    ["1\n  affinity: { a:[x] }", "9:15: spec.affinity.a: a space must follow the colon"],
    [
      "1\n  affinity: { a }",
      "9:15: spec.affinity.a: must be given within brackets: null if it is nothing",
    ],
    [
      "1\n  affinity: { a: b?c }",
      "9:18: spec.affinity.a: must be quoted: a question mark, or a colon before it, within brackets",
    ],
    ['1\n  path: "\\/x"', "9:9: spec.path: must have / without a backslash before it"],
    [
      '1\n  command: ["\\ud83d\\ude00"]',
      "9:13: spec.command[0]: must have the character itself, or \\U and 8 digits: not every parser joins \\u pairs",
    ],
    [
      "1\n  command: &a.b [x]",
      "9:17: spec.command: an anchor's name may have letters, digits, - and _",
    ],
  ])("port: %s", (port, problem) => {
    expect(problemsOf(port)).toEqual([problem]);
  });
});

describe("what is not YAML, or not the YAML of a fleet", () => {
  it.each([
    ["[1", "9:1: is not YAML: a bracket or quote that opens above is not closed"],
    ['"1', "9:1: is not YAML: a bracket or quote that opens above is not closed"],
    ["1\n path: x", "9:1: is not YAML: All mapping items must start at the same column"],
    ["1\n\tpath: x", "9:1: must be spaces instead of a tab"],
    ["1\n  path:\t/x", "9:8: must be spaces instead of a tab"],
    ["1\n  path: !!str /x", "9:15: spec.path: tags (!) are not allowed: write text in quotes"],
    ["*nowhere", "8:9: spec.port: the alias *nowhere needs an anchor &nowhere before it"],
    [
      "1\n  affinity: &a { a: *a }",
      "9:21: spec.affinity.a: the alias *a may not stand within what it repeats",
    ],
    ["1\n  path: /x\n  path: /y", "10:3: spec.path: may stand once only: the same field is above"],
    ["1\n  5: x", "9:3: spec: a field's name must be text: quote it"],
    ["1\n  __proto__: x", "9:3: spec.__proto__: a field may not have this name"],
  ])("port: %s", (port, problem) => {
    expect(problemsOf(port)).toEqual([problem]);
  });
});
