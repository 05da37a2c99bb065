import { describe, expect, it } from "vitest";
import { formatProblem } from "./problem.ts";
import { readFleet } from "./readFleet.ts";

interface BudgetFields {
  readonly pgbouncer?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly mode?: string;
  readonly postgres?: string;
  readonly secret?: string;
}

/** Ten lines. */
function budget({
  name = "writing",
  namespace = "studio",
  mode = "Manage",
  postgres = "host: pg, database: books",
  secret = "pg",
  pgbouncer = "maxClientConn: 200",
}: BudgetFields = {}): string {
  return `apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  mode: ${mode}
  postgres: { ${postgres}, credentialsSecretRef: { name: ${secret} } }
  pgbouncer:
    ${pgbouncer}
`;
}

function server(name: string, more = "image: x", namespace = "studio"): string {
  return `apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  budgetRef: { name: writing }
  port: 3001
  ${more}
`;
}

/** Documents with their problems as people see them. */
function problemsOf(...documents: string[]): string[] {
  const sources = documents.map((text, index) => ({ name: `${index}`, text }));
  const read = readFleet(sources);
  return read.ok ? [] : read.problems.map(formatProblem);
}

describe("two objects of one name", () => {
  it("are refused, and both places are named", () => {
    expect(problemsOf(budget(), server("a"), server("a"))).toEqual([
      '2:3:19: McpServer/a: metadata.name: found "a"; must be the only McpServer of this name in namespace studio (see 1:1)',
    ]);
  });

  it("may be of two kinds or in two namespaces", () => {
    const elsewhere = { namespace: "other", postgres: "host: pg2.x.y.z, database: books" };
    expect(
      problemsOf(
        budget(),
        server("writing"),
        budget(elsewhere),
        server("writing", "image: x", "other"),
      ),
    ).toEqual([]);
  });
});

describe("a server's budget", () => {
  it.each([
    ["writting", "studio", "must be a ConnectionBudget of namespace studio; did you mean writing?"],
    ["other", "studio", "must be a ConnectionBudget of namespace studio"],
    [
      "writing",
      "elsewhere",
      "must be a ConnectionBudget of namespace elsewhere: this one is in namespace studio",
    ],
    [
      "other",
      "elsewhere",
      "must be a ConnectionBudget of namespace elsewhere: this fleet has none there",
    ],
  ])("%s in namespace %s %s", (name, namespace, allowed) => {
    const text = server("a", "image: x", namespace).replace("name: writing", `name: ${name}`);
    expect(problemsOf(budget(), text)).toEqual([
      `1:5:22: McpServer/a: spec.budgetRef.name: found "${name}"; ${allowed}`,
    ]);
  });

  it("has at most 500 servers", () => {
    const servers = Array.from({ length: 501 }, (_, index) => server(`s${index}`));
    expect(problemsOf(budget(), ...servers.slice(0, 500))).toEqual([]);
    expect(problemsOf(budget(), ...servers)).toEqual([
      "501:5:22: McpServer/s500: spec.budgetRef.name: found 501 servers; a budget may have at most 500: divide them among several budgets",
    ]);
  });

  it("uses a role in Postgres that is no server's name", () => {
    const allowed =
      "must not be the Postgres role of its budget (spec.postgres.user): the server has a login of its own";
    expect(problemsOf(budget(), server("books"))).toEqual([
      `1:3:19: McpServer/books: metadata.name: found "books"; ${allowed}`,
    ]);
    const withUser = budget({ postgres: "host: pg, database: books, user: pen" });
    expect(problemsOf(withUser, server("books"))).toEqual([]);
    expect(problemsOf(withUser, server("pen"))).toEqual([
      `1:3:19: McpServer/pen: metadata.name: found "pen"; ${allowed}`,
    ]);
  });
});

describe("a workload that weir did not make", () => {
  const workload = "workloadRef: { kind: Deployment, name: old }";

  it("may only be named in a budget that observes", () => {
    expect(problemsOf(budget({ mode: "Observe" }), server("a", workload))).toEqual([]);
    expect(problemsOf(budget(), server("a", workload))).toEqual([
      "1:7:16: McpServer/a: spec.workloadRef: found a mapping; is only allowed in a budget with mode Observe",
    ]);
  });

  it("belongs to one server, and is no other's own", () => {
    const observe = budget({ mode: "Observe" });
    expect(problemsOf(observe, server("a", workload), server("b", workload))).toEqual([
      "2:7:16: McpServer/b: spec.workloadRef: must be another: Deployment/old belongs to McpServer/a (see 1:1)",
    ]);
    expect(problemsOf(observe, server("old"), server("b", workload))).toEqual([
      "2:7:16: McpServer/b: spec.workloadRef: must be another: Deployment/old belongs to McpServer/old (see 1:1)",
    ]);
  });
});

/** What is said of a budget with an existing PgBouncer and these fields. */
function problemsOfExisting(processes: string, replicas = ""): string[] {
  const existing = `existing: { host: old, statsSecretRef: { name: old }${processes} }`;
  const pgbouncer = `maxClientConn: 200\n    ${replicas}${existing}`;
  return problemsOf(budget({ mode: "Observe", pgbouncer }));
}

describe("a PgBouncer that weir did not make", () => {
  it("says how many processes it has", () => {
    expect(problemsOfExisting(", processes: 1")).toEqual([]);
    const missing =
      "ConnectionBudget/writing: spec.pgbouncer.existing.processes: missing; must say how many PgBouncer processes there are behind host (1 if it is one): nobody can count them behind one address";
    expect(problemsOfExisting("")).toEqual([`0:9:5: ${missing}`]);
    // replicas is weir's own: it says nothing of one that is there.
    expect(problemsOfExisting("", "replicas: 1\n    ")).toEqual([`0:10:5: ${missing}`]);
    expect(problemsOfExisting(", processes: 0")).toEqual([
      "0:9:70: ConnectionBudget/writing: spec.pgbouncer.existing.processes: found 0; must be a whole number from 1 to 1000000",
    ]);
    expect(problemsOf(budget({ mode: "Observe" }))).toEqual([]);
  });
});

describe("names in the cluster", () => {
  it.each([
    ["writing-pgbouncer", "Service/writing-pgbouncer"],
    ["writing-pgbouncer-peers", "Service/writing-pgbouncer-peers"],
  ])("a server can't be called %s", (name, claimed) => {
    expect(problemsOf(budget(), server(name))).toEqual([
      `1:3:19: McpServer/${name}: metadata.name: must be another: ${claimed} belongs to ConnectionBudget/writing (see 0:1)`,
    ]);
  });

  it.each([
    ["pg", "ConnectionBudget/writing (see 0:1)"],
    ["writing-pgbouncer-auth", "ConnectionBudget/writing (see 0:1)"],
    ["writing-maintenance", "ConnectionBudget/writing (see 0:1)"],
    ["writing-stats", "ConnectionBudget/writing (see 0:1)"],
    ["a-db", "McpServer/a (see 1:1)"],
  ])("a server's password can't be in the Secret %s", (secret, owner) => {
    const more = `credentialsSecretRef: { name: ${secret} }\n  image: x`;
    expect(problemsOf(budget(), server("a"), server("b", more))).toEqual([
      `2:7:33: McpServer/b: spec.credentialsSecretRef.name: must be another: Secret/${secret} belongs to ${owner}`,
    ]);
  });

  it("a budget's password of Postgres can't be in a Secret of weir's", () => {
    expect(problemsOf(budget({ secret: "writing-stats" }))).toEqual([
      "0:6:72: ConnectionBudget/writing: spec.postgres.credentialsSecretRef.name: must be another: Secret/writing-stats belongs to ConnectionBudget/writing (see 0:1)",
    ]);
  });

  it("may be the same in two namespaces", () => {
    const other = { namespace: "other", postgres: "host: pg, database: books" };
    expect(
      problemsOf(budget(), server("a"), budget(other), server("a", "image: x", "other")),
    ).toEqual([]);
  });
});

describe("members", () => {
  it("are hosted once in a budget", () => {
    const group = server("group", "members: [a, b]\n  image: x");
    expect(problemsOf(budget(), group, server("c", "members: [c, b]\n  image: x"))).toEqual([
      '2:7:16: McpServer/c: spec.members[1]: found "b"; must be hosted once in a budget: McpServer/group hosts it (see 1:1)',
    ]);
    expect(problemsOf(budget(), group, server("a"))).toEqual([
      '2:3:19: McpServer/a: metadata.name: found "a"; must be hosted once in a budget: McpServer/group hosts it (see 1:1)',
    ]);
  });
});

describe("budgets of one Postgres", () => {
  const share = "shareConnections: 40";

  it("each declare a share", () => {
    const first = budget({ postgres: "host: pg, database: a" });
    const second = budget({ name: "b", postgres: `host: pg.studio, database: b, ${share}` });
    const third = budget({
      name: "c",
      namespace: "other",
      postgres: "host: PG.studio.svc.cluster.local., database: c",
    });
    const allowed =
      "spec.postgres.shareConnections: missing; must be given: 3 budgets share Postgres pg.studio.svc.cluster.local:5432";
    expect(problemsOf(first, second, third)).toEqual([
      `0:6:3: ConnectionBudget/writing: ${allowed} (see 1:1)`,
      `2:6:3: ConnectionBudget/c: ${allowed} (see 0:1)`,
    ]);
  });

  it("each have a role of their own", () => {
    const postgres = `host: pg, database: books, ${share}`;
    expect(problemsOf(budget({ postgres }), budget({ name: "b", postgres }))).toEqual([
      '1:6:3: ConnectionBudget/b: spec.postgres.user: found "books"; must be a role of this budget alone, since CONNECTION LIMIT counts by role: writing has it too, on Postgres pg.studio.svc.cluster.local:5432 (see 0:1)',
    ]);
    const own = { name: "b", postgres: `${postgres}, user: pen` };
    expect(problemsOf(budget({ postgres }), budget(own))).toEqual([]);
  });

  it("are not those of another port", () => {
    const other = { name: "b", postgres: "host: pg, port: 5433, database: books" };
    expect(problemsOf(budget(), budget(other))).toEqual([]);
  });
});

describe("objects that are wrong themselves", () => {
  it("take part with what is right in them", () => {
    const wrong = budget({ postgres: "host: pg, port: x, database: books" });
    expect(problemsOf(wrong, server("books"), server("a", "members: [5]\n  image: x"))).toEqual([
      '0:6:31: ConnectionBudget/writing: spec.postgres.port: found "x"; must be a whole number from 1 to 65535',
      expect.stringMatching(/^1:3:19: McpServer\/books: .*must not be the Postgres role/),
      expect.stringMatching(/^2:7:13: McpServer\/a: spec\.members\[0\]: found 5;/),
    ]);
  });
});
