import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import { nastyPassword, uselessPassword } from "../../test/credentials/nastyPassword.ts";
import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { Fleet } from "../api/fleet.ts";
import { credentials, credentialSecretNames, type Credentials } from "./credentials.ts";
import { secretKeyOf, type SecretData } from "./secrets.ts";
import { userlist } from "./userlist.ts";

const FLEET: Fleet = {
  budgets: [budgetOf()],
  servers: [serverOf("scene"), serverOf("author", { credentialsSecretRef: { name: "authors" } })],
};

/** All Secrets of FLEET in the order in which they are made. */
const ALL = [
  "writing/writing-postgres",
  "writing/writing-maintenance",
  "writing/writing-stats",
  "writing/authors",
  "writing/scene-db",
  "writing/writing-pgbouncer-auth",
];

let existing: Map<string, SecretData>;
let made: string[];

beforeEach(() => {
  existing = new Map();
  made = [];
});

function ask(fleet = FLEET): Credentials {
  return credentials(
    fleet,
    (name) => existing.get(secretKeyOf(name)),
    () => {
      const password = `made-${made.length + 1}`;
      made.push(password);
      return password;
    },
  );
}

/** As `kubectl apply` does it. */
function apply({ secrets }: Credentials): void {
  for (const { metadata, data } of secrets) existing.set(secretKeyOf(metadata), data);
}

function put(key: string, texts: Readonly<Record<string, string>>): void {
  existing.set(
    key,
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, base64(text)])),
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function keysOf({ secrets }: Credentials): string[] {
  return secrets.map(({ metadata }) => secretKeyOf(metadata));
}

function share(name: string, user: string, host: string): ConnectionBudget {
  return budgetOf({ name, postgres: { host, user, credentialsSecretRef: { name: "pg" } } });
}

function textsOf(data: SecretData | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString(),
    ]),
  );
}

function userlistIn(answer: Credentials): string | undefined {
  const secret = answer.secrets.find(({ data }) => "userlist.txt" in data);
  return textsOf(secret?.data)["userlist.txt"];
}

describe("where nothing is there", () => {
  test("all is made: a password for each login, and the userlist of them", () => {
    const answer = ask();

    expect(answer.problems).toEqual([]);
    expect(keysOf(answer)).toEqual(ALL);
    expect(answer.secrets[3]).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "authors",
        namespace: "writing",
        labels: { "app.kubernetes.io/managed-by": "weir", "weir.dev/budget": "writing" },
      },
      type: "Opaque",
      data: { username: base64("author"), password: base64("made-4") },
    });
    expect(userlistIn(answer)).toBe(`"author" "made-4"
"maintenance" "made-2"
"scene" "made-5"
"weir_stats" "made-3"
"writing" "made-1"
`);
  });

  test("it is asked for by name, each Secret once", () => {
    expect(credentialSecretNames(FLEET).map(secretKeyOf)).toEqual(ALL);
  });

  test("a note says how Postgres gets the role's password, and none to restart anything", () => {
    expect(ask().notes).toEqual([
      `Secret writing/writing-postgres is new: when it is applied, give role writing in Postgres the same password (weir guard makes the role; a Postgres of WEIR_TRYOUT_POSTGRES has both by itself):
  kubectl -n writing get secret writing-postgres -o go-template='SET log_statement = none; SET log_min_error_statement = panic; ALTER ROLE "writing" PASSWORD $\${{.data.password | base64decode}}$$;' | psql -h postgres -p 5432 -U postgres`,
    ]);
  });

  test("the order of the file changes nothing", () => {
    const budgets = [budgetOf(), budgetOf({ name: "reading" }), budgetOf({ namespace: "a" })];
    const servers = [...FLEET.servers, serverOf("map", {}, "a")];
    const answer = ask({ budgets, servers });
    made = [];

    expect(ask({ budgets: budgets.toReversed(), servers: servers.toReversed() })).toEqual(answer);
  });
});

describe("where all is there", () => {
  beforeEach(() => {
    apply(ask());
    made = [];
  });

  test("nothing is made", () => {
    expect(ask()).toEqual({ secrets: [], problems: [], notes: [] });
    expect(made).toEqual([]);
  });

  test("a new server gets its Secret, and the userlist changes: PgBouncer is to be restarted", () => {
    const answer = ask({ ...FLEET, servers: [...FLEET.servers, serverOf("review")] });

    expect(keysOf(answer)).toEqual(["writing/review-db", "writing/writing-pgbouncer-auth"]);
    expect(userlistIn(answer)).toContain('"review" "made-1"\n"scene" "made-5"\n');
    expect(answer.notes).toEqual([
      `Secret writing/writing-pgbouncer-auth changes, and PgBouncer reads it only when it starts:
  kubectl -n writing rollout restart statefulset/writing-pgbouncer`,
    ]);
  });

  test.each([
    ["removed", [serverOf("scene")]],
    ["disabled", [serverOf("scene"), serverOf("author", { activation: "Disabled" })]],
  ])("a server that is %s leaves the userlist, and keeps its Secret", (_, servers) => {
    const answer = ask({ ...FLEET, servers });

    expect(keysOf(answer)).toEqual(["writing/writing-pgbouncer-auth"]);
    expect(userlistIn(answer)).not.toContain("author");
  });

  test("a server that is woken OnDemand has a line, and so a login", () => {
    const [scene, author] = FLEET.servers;
    if (scene === undefined || author === undefined) throw new Error("FLEET has two servers");
    const asleep = { ...author, spec: { ...author.spec, activation: "OnDemand" as const } };

    expect(ask({ ...FLEET, servers: [scene, asleep] }).secrets).toEqual([]);
  });

  test("a password that somebody changed is kept, and gets into the userlist", () => {
    put("writing/authors", { password: 'new "one"' });
    const answer = ask();

    expect(keysOf(answer)).toEqual(["writing/writing-pgbouncer-auth"]);
    expect(userlistIn(answer)).toContain('"author" "new ""one"""\n');
  });

  test.each([
    ["was edited", { "userlist.txt": '"author" "x"\n' }],
    ["lacks its key", { other: "x" }],
    ["is empty", {}],
  ])("a userlist that %s is written anew", (_, texts) => {
    put("writing/writing-pgbouncer-auth", texts);
    expect(keysOf(ask())).toEqual(["writing/writing-pgbouncer-auth"]);
  });

  test("a lost userlist is written anew, and there is no PgBouncer to restart without it", () => {
    existing.delete("writing/writing-pgbouncer-auth");
    expect(keysOf(ask())).toEqual(["writing/writing-pgbouncer-auth"]);
    expect(ask().notes).toEqual([]);
  });
});

test("a PgBouncer that weir did not make gets nothing", () => {
  const budget = budgetOf();
  const observed = {
    ...budget,
    spec: {
      ...budget.spec,
      mode: "Observe" as const,
      pgbouncer: {
        ...budget.spec.pgbouncer,
        existing: { host: "old", port: 6432, processes: 1, statsSecretRef: { name: "old-stats" } },
      },
    },
  };
  const fleet = { ...FLEET, budgets: [observed] };

  expect(credentialSecretNames(fleet)).toEqual([]);
  expect(ask(fleet)).toEqual({ secrets: [], problems: [], notes: [] });
});

describe("a Secret that is there", () => {
  test.each([
    ["has another username", { username: "editor", password: "p-123" }],
    ["has no key password", { username: "author", PASSWORD: "p-123" }],
    ["has an empty password", { password: "" }],
    ["ends with a line break", { password: "p-123\n" }],
    ["a line break or a zero byte", { password: "p-1\r23" }],
    ["a line break or a zero byte", { password: "p-1\u000023" }],
    ["has the hash of a password", { password: `md5${"0a".repeat(16)}` }],
    ["has the hash of a password", { password: "SCRAM-SHA-256$4096:c2FsdA==$c3Q=:c2s=" }],
    ["more than 2047 bytes", { password: "é".repeat(1024) }],
    ["more than 2047 bytes", { password: '"'.repeat(1024) }],
  ])("and %s is a problem, named without its value", (reason, texts) => {
    put("writing/authors", texts);
    const { secrets, problems, notes } = ask();

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^Secret writing\/authors, of login author, has /);
    expect(problems[0]).toContain(reason);
    expect(problems[0]).not.toMatch(/p-1|editor|0a0a|c2Fs|éé|""/);
    // Nothing half done.
    expect(secrets).toEqual([]);
    expect(notes).toEqual([]);
  });

  test("and is not UTF-8 is a problem", () => {
    existing.set("writing/authors", { password: Buffer.from([0x61, 0xff]).toString("base64") });
    expect(ask().problems).toEqual([
      "Secret writing/authors, of login author, has a password that is not UTF-8 text",
    ]);
  });

  test.each([
    ["without a username", { password: "x" }],
    ["with its own username", { username: "author", password: "x" }],
    ["as long as it may be", { password: "x".repeat(2047) }],
    ["that looks like a hash a little", { password: `md5${"A".repeat(32)}` }],
    ["with a byte order mark", { password: "\ufeffx" }],
  ])("%s is kept as it is", (_, texts) => {
    put("writing/authors", texts);
    const answer = ask();

    expect(answer.problems).toEqual([]);
    expect(keysOf(answer)).toEqual(ALL.filter((key) => key !== "writing/authors"));
    expect(userlistIn(answer)).toContain(`"author" "${texts.password}"\n`);
  });

  test("all problems are reported at once", () => {
    put("writing/authors", { password: "" });
    put("writing/scene-db", {});
    put("writing/writing-postgres", { username: "postgres", password: "x" });

    expect(ask().problems).toEqual([
      "Secret writing/writing-postgres, of login writing, has another username; make it that login, or remove the key",
      "Secret writing/authors, of login author, has an empty password, with which nobody gets in",
      "Secret writing/scene-db, of login scene, has no key password",
    ]);
  });
});

describe("budgets that name one Secret for their roles", () => {
  test("share what is made when the roles are of the same name", () => {
    const budgets = [share("reading", "app", "pg-a"), share("writing", "app", "pg-b")];
    const answer = ask({ budgets, servers: [] });

    expect(answer.problems).toEqual([]);
    expect(keysOf(answer).filter((key) => key === "writing/pg")).toHaveLength(1);
    const lists = answer.secrets.flatMap(({ data }) => textsOf(data)["userlist.txt"] ?? []);
    expect(lists).toHaveLength(2);
    expect(lists.filter((list) => list.includes('"app" "made-1"\n'))).toHaveLength(2);
  });

  test("must make it themselves when the roles differ", () => {
    const budgets = [share("reading", "reader", "pg"), share("writing", "writer", "pg")];
    expect(ask({ budgets, servers: [] }).problems).toEqual([
      "Secret writing/pg is missing, and both reader and writer name it: give each its own",
    ]);

    put("writing/pg", { password: "both" });
    expect(ask({ budgets, servers: [] }).problems).toEqual([]);
  });
});

test("a role whose name Postgres would cut off is refused", () => {
  const budgets = [budgetOf({ postgres: { user: "ä".repeat(32) } })];
  expect(ask({ budgets, servers: [] }).problems).toEqual([
    "The role of ConnectionBudget writing/writing has a name of more than 63 bytes, where Postgres cuts it off",
  ]);
});

/** Often there, mostly usable. */
const found = fc.option(
  fc.oneof({ weight: 15, arbitrary: nastyPassword }, { weight: 1, arbitrary: uselessPassword }),
  { nil: undefined },
);

test("passwords get into the data of Secrets, and nowhere else", () => {
  fc.assert(
    fc.property(fc.array(found, { minLength: 5, maxLength: 5 }), (passwords) => {
      existing = new Map();
      made = [];
      for (const [index, password] of passwords.entries()) {
        if (password !== undefined) put(ALL[index] ?? "", { password });
      }

      const answer = ask();

      const { problems, notes, secrets } = answer;
      const told = JSON.stringify([problems, notes, secrets.map(({ metadata }) => metadata)]);
      for (const password of [...passwords, ...made]) {
        if (password === undefined) continue;
        expect(told).not.toContain(JSON.stringify(password).slice(1, -1));
        expect(told).not.toContain(base64(password));
      }
      if (problems.length > 0) return;

      const rest = [...made];
      const logins = ["writing", "maintenance", "weir_stats", "author", "scene"];
      expect(userlistIn(answer)).toBe(
        userlist(
          logins.map((name, index) => ({ name, password: passwords[index] ?? rest.shift() ?? "" })),
        ),
      );
      apply(answer);
      expect(ask()).toEqual({ secrets: [], problems: [], notes: [] });
    }),
  );
});
