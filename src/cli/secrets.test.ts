import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { z } from "zod";
import { weir, type World } from "../../test/fleets/fakeShell.ts";
import { nastyPassword, uselessPassword } from "../../test/credentials/nastyPassword.ts";
import { startStubApiServer } from "../../test/kube/stubApiServer.ts";
import { freePort } from "../../test/parts/ports.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

const EXAMPLE = readFileSync(
  new URL("../../examples/writing-servers/fleet.yaml", import.meta.url),
  "utf8",
);

const FLEET = `apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: writing, namespace: writing }
spec:
  postgres: { host: pg, database: writing, credentialsSecretRef: { name: pg } }
  pgbouncer: { maxClientConn: 100 }
---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: scene, namespace: writing }
spec: { budgetRef: { name: writing }, image: example/server:1, port: 3000 }
`;

const LOGINS: Readonly<Record<string, string>> = {
  pg: "writing",
  "writing-maintenance": "maintenance",
  "writing-stats": "weir_stats",
  "scene-db": "scene",
};

function run(words: readonly string[], world: World = {}) {
  return weir(["secrets", ...words], {
    ...world,
    files: { "fleet.yaml": FLEET, "example.yaml": EXAMPLE, ...world.files },
  });
}

const aSecret = z.object({
  metadata: z.object({ name: z.string() }),
  data: z.record(z.string(), z.string()),
});

function secretsOf(out: string): z.output<typeof aSecret>[] {
  return [...parseAllDocuments(out, { version: "1.1" })].map((document) =>
    aSecret.parse(document.toJS()),
  );
}

function namesOf(out: string): string[] {
  return secretsOf(out).map(({ metadata }) => metadata.name);
}

function textOf(base64: string | undefined): string {
  return Buffer.from(base64 ?? "", "base64").toString();
}

/** A Secret of FLEET as kubectl writes it. */
function secret(name: string, texts: Readonly<Record<string, string>>): string {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  );
  return `---\n${stringify({ kind: "Secret", metadata: { name, namespace: "writing" }, data })}`;
}

const NONE = "kind: List\nitems: []\n";

describe("--new", () => {
  test("makes all Secrets of a fleet, the userlist last", async () => {
    const { exitCode, out } = await run(["--new", "example.yaml"]);
    const secrets = secretsOf(out);

    expect(exitCode).toBe(0);
    expect(secrets).toHaveLength(14);
    expect(secrets.at(-1)?.metadata.name).toBe("writing-pgbouncer-auth");
    expect(textOf(secrets.at(-1)?.data["userlist.txt"]).split("\n")).toHaveLength(14);
  });

  test("passwords are long, of letters that nothing gives a meaning, each another", async () => {
    const passwords: string[] = [];
    // So often that by chance not one run in 10¹² misses a letter.
    for (const round of [1, 2, 3, 4, 5]) {
      const { out } = await run(["--new", "example.yaml"]);
      const made = secretsOf(out).flatMap(({ data }) => data["password"] ?? []);
      expect(made, `round ${round}`).toHaveLength(13);
      passwords.push(...made.map(textOf));
    }

    expect(new Set(passwords).size).toBe(passwords.length);
    expect(passwords.filter((password) => !/^[\w-]{32}$/.test(password))).toEqual([]);
    // 192 bits: all 64 letters are met, in the first place as in the last.
    expect(new Set(passwords.join("")).size).toBe(64);
  });

  test("says what else is to be done, and shows no password there", async () => {
    const { out, err } = await run(["--new", "fleet.yaml"]);

    expect(err).toMatch(/^Secret writing\/pg is new: .*\n {2}kubectl -n writing get secret pg /);
    expect(err).toMatch(/\nAll passwords are new: .*\n$/);
    const made = secretsOf(out).flatMap(({ data }) => data["password"] ?? []);
    expect(made).toHaveLength(4);
    expect(made.filter((value) => err.includes(value) || err.includes(textOf(value)))).toEqual([]);
  });

  test("asks no cluster", async () => {
    expect(await run(["--new", "fleet.yaml"], { env: { KUBECONFIG: "/absent" } })).toMatchObject({
      exitCode: 0,
    });
  });
});

describe("--existing", () => {
  test("what it printed once is all there the next time", async () => {
    const first = await run(["--existing", "none.yaml", "fleet.yaml"], {
      files: { "none.yaml": NONE },
    });
    const second = await run(["--existing", "first.yaml", "fleet.yaml"], {
      files: { "first.yaml": first.out },
    });

    expect(namesOf(first.out)).toEqual([...Object.keys(LOGINS), "writing-pgbouncer-auth"]);
    expect(second).toEqual({ exitCode: 0, out: "", err: "weir secrets: nothing is missing\n" });
  });

  test("a server that is added gets its Secret, and the userlist is written anew", async () => {
    const { out } = await run(["--new", "fleet.yaml"]);
    const review = FLEET.slice(FLEET.indexOf("---")).replace("name: scene", "name: review");
    const second = await run(["--existing", "-", "fleet.yaml", "review.yaml"], {
      files: { "-": out, "review.yaml": review },
    });

    expect(namesOf(second.out)).toEqual(["review-db", "writing-pgbouncer-auth"]);
    expect(second.err).toContain(
      "kubectl -n writing rollout restart statefulset/writing-pgbouncer",
    );
  });

  test("a Secret that is no good is bad input: named, and nothing is printed", async () => {
    const existing = `${secret("scene-db", { password: "hush\n" })}${secret("pg", { user: "hush" })}`;
    expect(
      await run(["--existing", "x.yaml", "fleet.yaml"], { files: { "x.yaml": existing } }),
    ).toEqual({
      exitCode: 2,
      out: "",
      err: `Secret writing/pg, of login writing, has no key password
Secret writing/scene-db, of login scene, has a password that ends with a line break, as \`echo\` without -n makes it
`,
    });
  });

  test("a file that is no good is bad input, with its place", async () => {
    const files = { "x.yaml": "kind: Secret\ndata: hush\n", "-": "kind: hush" };
    expect(await run(["--existing", "x.yaml", "fleet.yaml"], { files })).toMatchObject({
      exitCode: 2,
      out: "",
      err: "x.yaml:1: metadata.name must be the name of a Secret\n",
    });
    expect(await run(["--existing", "-", "fleet.yaml"], { files })).toMatchObject({
      exitCode: 2,
      err: "standard input:1: must be a Secret, or a List of them\n",
    });
    expect(await run(["--existing", "-", "-"], { files })).toMatchObject({
      exitCode: 2,
      err: "standard input (-) can be read once only\n",
    });
  });

  test("is no place to begin anew", async () => {
    const both = await run(["--existing", "x.yaml", "--new", "fleet.yaml"]);
    expect(both).toMatchObject({ exitCode: 2, out: "" });
    expect(both.err).toContain("cannot be used with");
  });
});

test("a password is in the data of Secrets, and in nothing else that any command says", async () => {
  const found = fc.option(
    fc.oneof({ weight: 15, arbitrary: nastyPassword }, { weight: 1, arbitrary: uselessPassword }),
    { nil: undefined },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(found, { minLength: 4, maxLength: 4 }), async (passwords) => {
      const existing = Object.keys(LOGINS).flatMap((name, index) => {
        const password = passwords[index];
        return password === undefined ? [] : [secret(name, { password })];
      });
      const files = { "x.yaml": existing.join("") + NONE.replace(/^/, "---\n") };

      const { out, err } = await run(["--existing", "x.yaml", "fleet.yaml"], { files });
      const guard = await weir(["guard", "fleet.yaml"], { files: { "fleet.yaml": FLEET } });
      const plan = await weir(["plan", "fleet.yaml"], { files: { "fleet.yaml": FLEET } });

      const besideData = out.replaceAll(/^data:\n(?: .*\n)*/gm, "");
      const told = [err, guard.out, guard.err, plan.out, plan.err, besideData];
      for (const password of passwords) {
        if (password === undefined) continue;
        const base64 = Buffer.from(password).toString("base64");
        for (const text of told) {
          expect(text).not.toContain(password);
          expect(text).not.toContain(base64);
        }
      }
    }),
    { numRuns: 50 },
  );
});

async function kubeconfig(server: string): Promise<string> {
  const path = join(await scratchDir("kubeconfig"), "config");
  await writeFile(
    path,
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: "t0ken" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );
  return path;
}

describe("a cluster", () => {
  test("is asked for each Secret by name, and for nothing else", async () => {
    const server = await startStubApiServer(() => ({
      status: 404,
      body: { kind: "Status", reason: "NotFound" },
    }));
    const env = { KUBECONFIG: await kubeconfig(server.url) };
    const { exitCode, out } = await run(["fleet.yaml"], { env });
    await server.stop();

    expect(exitCode).toBe(0);
    const all = [...Object.keys(LOGINS), "writing-pgbouncer-auth"];
    expect(namesOf(out)).toEqual(all);
    expect(server.asked.toSorted()).toEqual(
      all.map((name) => `/api/v1/namespaces/writing/secrets/${name}`).toSorted(),
    );
  });

  test("that nobody reaches is reported in one line, with what to do without it", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { exitCode, out, err } = await run(["fleet.yaml"], {
      env: { KUBECONFIG: await kubeconfig(url) },
    });

    expect([exitCode, out]).toEqual([1, ""]);
    expect(err).toMatch(
      /^weir secrets: can't reach \S+: connect ECONNREFUSED \S+ \(without a cluster: --existing FILE, or --new\)\n$/,
    );
  });

  test("that is not configured is reported in one line", async () => {
    expect(await run(["fleet.yaml"], { env: { HOME: "/absent" } })).toEqual({
      exitCode: 1,
      out: "",
      err: "weir secrets: no cluster is configured: KUBECONFIG is not set, and there is no ~/.kube/config (without a cluster: --existing FILE, or --new)\n",
    });
  });

  test("is not asked before the fleet is read", async () => {
    expect(await run(["absent.yaml"], { env: { HOME: "/absent" } })).toEqual({
      exitCode: 2,
      out: "",
      err: "absent.yaml: there is no such file\n",
    });
  });
});
