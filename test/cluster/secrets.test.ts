import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { binary } from "../../tools/binaries/catalog.ts";
import { freePort } from "../parts/ports.ts";
import { type Postgres, startPostgres } from "../parts/postgres.ts";
import { runToEnd, type EndedProcess } from "../../tools/processes/runToEnd.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { CLUSTER_START_TIMEOUT_MS, startCluster, type Cluster } from "./cluster.ts";

const WEIR = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));

// Each starts many programs, on a machine that runs other tests too.
let cluster: Cluster;
let dir: string;

beforeAll(async () => {
  cluster = await startCluster();
  dir = await scratchDir("secrets");
}, CLUSTER_START_TIMEOUT_MS);

afterAll(async () => {
  await cluster.stop();
});

test("from nothing to all, then only what a new server needs", async () => {
  const fleet = await fleetIn("studio", ["author", "scene"]);
  await makeNamespace("studio");

  const first = await secrets(fleet);
  expect(first.code).toBe(0);
  expect((await kubectl(["apply", "-f", "-"], first.stdout)).split("\n")).toEqual([
    "secret/studio-postgres created",
    "secret/studio-maintenance created",
    "secret/studio-stats created",
    "secret/author-db created",
    "secret/scene-db created",
    "secret/studio-pgbouncer-auth created",
  ]);
  const author = await valueOf("studio", "author-db", "password");
  expect(await valueOf("studio", "studio-pgbouncer-auth", "userlist.txt")).toContain(
    `"author" "${author}"\n`,
  );

  expect(await secrets(fleet)).toEqual({
    code: 0,
    stdout: "",
    stderr: "weir secrets: nothing is missing\n",
  });

  const second = await secrets(await fleetIn("studio", ["author", "review", "scene"]));
  expect(second.stderr).toBe(
    `Secret studio/studio-pgbouncer-auth changes, and PgBouncer reads it only when it starts:
  kubectl -n studio rollout restart statefulset/studio-pgbouncer
`,
  );
  expect((await kubectl(["apply", "-f", "-"], second.stdout)).split("\n")).toEqual([
    "secret/review-db created",
    "secret/studio-pgbouncer-auth configured",
  ]);
  expect(await valueOf("studio", "author-db", "password")).toBe(author);
});

test("what kubectl writes is what --existing reads", async () => {
  const fleet = await fleetIn("files", ["author"]);
  await makeNamespace("files");
  await kubectl(["apply", "-f", "-"], (await secrets(fleet)).stdout);
  const list = await kubectl(["get", "secret", "-n", "files", "-o", "yaml"]);

  expect(await weir(["secrets", fleet, "--existing", "-"], { stdin: list })).toMatchObject({
    code: 0,
    stdout: "",
  });
});

test("it gets along with the right to get the fleet's Secrets, and says when it has none", async () => {
  const fleet = await fleetIn("rights", ["author"]);
  await makeNamespace("rights");
  const names = ["rights-postgres", "rights-maintenance", "rights-stats", "author-db"];
  const all = [...names, "rights-pgbouncer-auth"].map((name) => `--resource-name=${name}`);
  await kubectl(["-n", "rights", "create", "serviceaccount", "ci"]);
  await kubectl([
    "-n",
    "rights",
    "create",
    "role",
    "ci",
    "--verb=get",
    "--resource=secrets",
    ...all,
  ]);
  const KUBECONFIG = await kubeconfigOf(await kubectl(["-n", "rights", "create", "token", "ci"]));

  expect(await weir(["secrets", fleet], { env: { KUBECONFIG } })).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^weir secrets: can't read Secret rights\/\S+ from \S+: secrets "\S+" is forbidden: User "system:serviceaccount:rights:ci" .*\n$/,
    ),
  });

  const bind = ["-n", "rights", "create", "rolebinding", "ci", "--role=ci"];
  await kubectl([...bind, "--serviceaccount=rights:ci"]);
  await expect
    .poll(async () => (await weir(["secrets", fleet], { env: { KUBECONFIG } })).code)
    .toBe(0);
});

test("a cluster that nobody reaches is reported in one line", async () => {
  const url = `https://127.0.0.1:${await freePort()}`;
  const KUBECONFIG = await kubeconfigOf("t0ken", url);
  const fleet = await fleetIn("studio", ["author"]);

  expect(await weir(["secrets", fleet], { env: { KUBECONFIG } })).toEqual({
    code: 1,
    stdout: "",
    stderr: `weir secrets: can't reach ${url}: connect ECONNREFUSED ${url.slice("https://".length)} (without a cluster: --existing FILE, or --new)\n`,
  });
});

test("a Secret that was spoilt is named, and nothing is printed", async () => {
  const fleet = await fleetIn("spoilt", ["author"]);
  await makeNamespace("spoilt");
  const spoilt = ["-n", "spoilt", "create", "secret", "generic", "author-db"];
  await kubectl([...spoilt, "--from-literal=username=hush", "--from-literal=password=hush"]);

  expect(await secrets(fleet)).toEqual({
    code: 2,
    stdout: "",
    stderr:
      "Secret spoilt/author-db, of login author, has another username; make it that login, or remove the key\n",
  });
});

describe("the role's new password", () => {
  let postgres: Postgres;

  beforeAll(async () => {
    postgres = await startPostgres({ settings: { log_statement: "all" } });
  });

  afterAll(async () => {
    await postgres.stop();
  });

  test.each(["role", String.raw`it's "odd" {{x}} $1 \ %`])(
    "gets into Postgres for role %j as the note says, and into no log",
    async (user) => {
      const namespace = user === "role" ? "plain" : "odd";
      await makeNamespace(namespace);
      const fleet = await fleetIn(namespace, [], user);
      const { stdout, stderr } = await secrets(fleet);
      await kubectl(["apply", "-f", "-"], stdout);
      const [, command = ""] = /^ {2}(kubectl .*) \| psql /m.exec(stderr) ?? [];

      const statements = await sh(command);
      await postgres.query((await weir(["guard", fleet])).stdout);
      await asPsql(statements);

      const password = await valueOf(namespace, `${namespace}-postgres`, "password");
      const client = clientOf(user, password);
      await client.connect();
      const { rows } = await client.query("SELECT current_user AS who");
      await client.end();
      expect(rows).toEqual([{ who: user }]);
      expect(statements).toContain(password);
      expect(stderr).not.toContain(password);
      expect(postgres.log()).toContain("statement: SET log_statement = none;");
      expect(postgres.log()).not.toContain(password);
    },
  );

  function clientOf(user: string, password: string): Client {
    const { host, port, database } = postgres;
    return new Client({ host, port, database, user, password });
  }

  /** In one session, one statement at a time. */
  async function asPsql(statements: string): Promise<void> {
    const client = clientOf(postgres.user, postgres.password);
    await client.connect();
    for (const statement of statements.split(/(?<=;) /)) await client.query(statement);
    await client.end();
  }
});

/** A file with a budget of the namespace's name and these servers. */
async function fleetIn(
  namespace: string,
  servers: readonly string[],
  user = namespace,
): Promise<string> {
  const head = (kind: string, name: string) => ({
    apiVersion: "weir.dev/v1alpha1",
    kind,
    metadata: { name, namespace },
  });
  const credentialsSecretRef = { name: `${namespace}-postgres` };
  const documents = [
    {
      ...head("ConnectionBudget", namespace),
      spec: {
        postgres: { host: "pg", database: namespace, user, credentialsSecretRef },
        pgbouncer: { maxClientConn: 100 },
      },
    },
    ...servers.map((name) => ({
      ...head("McpServer", name),
      spec: { budgetRef: { name: namespace }, image: "example/server:1", port: 3000 },
    })),
  ];
  const path = join(dir, `${namespace}.yaml`);
  await writeFile(path, documents.map((each) => `---\n${JSON.stringify(each)}\n`).join(""));
  return path;
}

interface RunWorld {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

function secrets(fleet: string): Promise<EndedProcess> {
  return weir(["secrets", fleet]);
}

/** weir as users run it, with the cluster's kubeconfig unless told. */
function weir(words: readonly string[], { env, stdin = "" }: RunWorld = {}): Promise<EndedProcess> {
  const KUBECONFIG = cluster.kubeconfigPath;
  return run(process.execPath, [WEIR, ...words], { env: { KUBECONFIG, ...env }, stdin });
}

async function sh(command: string): Promise<string> {
  const bin = dirname(await binary("kubectl"));
  const env = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    KUBECONFIG: cluster.kubeconfigPath,
    KUBECACHEDIR: dir,
  };
  return (await run("sh", ["-c", command], { env })).stdout;
}

function run(
  program: string,
  words: readonly string[],
  { env = {}, stdin = "" }: RunWorld,
): Promise<EndedProcess> {
  return runToEnd(program, words, { env: { ...process.env, ...env }, stdin });
}

async function kubectl(args: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, stdin);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

async function makeNamespace(name: string): Promise<void> {
  await cluster.claim("namespace", name);
  await kubectl(["create", "namespace", name]);
}

async function valueOf(namespace: string, name: string, key: string): Promise<string> {
  const { data } = JSON.parse(
    await kubectl(["-n", namespace, "get", "secret", name, "-o", "json"]),
  );
  return Buffer.from(data[key], "base64").toString();
}

/** The cluster's kubeconfig, but with this token, and another address if one is given. */
async function kubeconfigOf(token: string, url?: string): Promise<string> {
  const words = ["config", "view", "--raw", "--minify", "--flatten", "--output=json"];
  const config = JSON.parse(await kubectl(words));
  const [{ name, cluster: own }] = config.clusters;
  const path = join(await scratchDir("kubeconfig"), "config");
  await writeFile(
    path,
    JSON.stringify({
      ...config,
      clusters: [{ name, cluster: { ...own, ...(url !== undefined && { server: url }) } }],
      users: [{ name: "u", user: { token } }],
      contexts: [{ name: "x", context: { cluster: name, user: "u" } }],
      "current-context": "x",
    }),
  );
  return path;
}
