import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

import { cloneOfRepository } from "../docs/clone.ts";
import { runBlock, shellBlocks } from "../docs/shellBlocks.ts";
import { pgbouncerPlace, startPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { findPsql } from "../synth/psql.ts";
import { ROOT } from "../synth/commands.ts";
import { accessOf } from "./accessOf.ts";
import { CLUSTER_START_TIMEOUT_MS, startOwnCluster, type Cluster } from "./cluster.ts";

/**
 * docs/adopt.md, command by command, on the incident's system: its manifests in a real API server,
 * its PgBouncer and its Postgres as real processes.
 */

const PASSWORD = "the-fleets-own";

// Each starts many programs, on a machine that runs other tests too.
let cluster: Cluster;
let postgres: Postgres;
let pgbouncer: PgBouncer;
let folder: string;

beforeAll(async () => {
  [cluster, postgres] = await Promise.all([startOwnCluster(), startPostgres()]);
  await postgres.query(`CREATE ROLE writing LOGIN PASSWORD '${PASSWORD}'`);
  await postgres.query("CREATE DATABASE writing OWNER writing");
  await kubectl("create", "namespace", "writing");
  const secret = ["create", "secret", "generic", "--namespace=writing"];
  await kubectl(...secret, "writing-db", `--from-literal=password=${PASSWORD}`);
  const userlist = `"writing" "${PASSWORD}"\n`;
  await kubectl(...secret, "pgbouncer-auth", `--from-literal=userlist.txt=${userlist}`);
  await kubectl("apply", "--filename", join(ROOT, "examples/incident"));
  const place = await pgbouncerPlace();
  const mounted = await mountedFiles(place);
  pgbouncer = await startPgBouncer({ place, files: mounted, main: "pgbouncer.ini" });
  folder = await cloneOfRepository();
}, CLUSTER_START_TIMEOUT_MS);

afterAll(async () => {
  await pgbouncer?.stop();
  await postgres?.stop();
  await cluster?.stop();
});

async function kubectl(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(words);
  if (code !== 0) throw new Error(`kubectl ${words.join(" ")}: ${stderr}`);
  return stdout;
}

async function dataOf(name: string): Promise<Readonly<Record<string, string>>> {
  const shown = await kubectl("get", name, "--namespace=writing", "--output=json");
  return JSON.parse(shown).data;
}

/** What kubelet would have written into PgBouncer's pod by now, for where it really runs. */
async function mountedFiles(place: PgBouncer["place"]): Promise<Record<string, string>> {
  const ini: string = (await dataOf("configmap/pgbouncer"))["pgbouncer.ini"] ?? "";
  const userlist: string = (await dataOf("secret/pgbouncer-auth"))["userlist.txt"] ?? "";
  return {
    "userlist.txt": Buffer.from(userlist, "base64").toString(),
    "pgbouncer.ini": ini
      .replace("postgres.example.com port=5432", `127.0.0.1 port=${postgres.port}`)
      .replace("listen_port = 6432", `listen_port = ${place.port}`)
      .replace("/etc/pgbouncer-auth/userlist.txt", place.userlistPath)
      .concat(`\nunix_socket_dir = ${place.socketDir}\n`),
  };
}

/** Runs all commands below a heading, and tells what they printed. */
async function follow(heading: string): Promise<string> {
  const blocks = shellBlocks("adopt.md").get(heading) ?? [];
  expect(blocks.length).toBeGreaterThan(0);
  const printed: string[] = [];
  for (const block of blocks) {
    await pgbouncer.write(await mountedFiles(pgbouncer.place));
    const here = block
      .replaceAll("127.0.0.1:6432", `127.0.0.1:${pgbouncer.port}`)
      .replaceAll("postgres.example.com:5432", `127.0.0.1:${postgres.port}`);
    const superuser = here.includes("postgres://postgres@");
    printed.push(
      await runBlock(here, {
        folder,
        kubeconfigPath: cluster.kubeconfigPath,
        programs: [await findPsql()],
        env: { PGPASSWORD: superuser ? postgres.password : PASSWORD },
      }),
    );
  }
  return printed.join("");
}

describe("docs/adopt.md", () => {
  it("shows that the system is broken, and a plan that fits", async () => {
    expect(await follow("See what runs")).toContain("210 > 200 (max_client_conn)");
    const plan = await follow("Write it down as two kinds of objects");
    expect(plan).toMatch(/^✓ Budget writing\/writing fits/);
    expect(plan).toMatch(/^book-planning +1 +19 /m);
  });

  it("prints the objects of the example as they are", async () => {
    const page = await readFile(join(ROOT, "docs/adopt.md"), "utf8");
    const [objects = ""] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
      ([, yaml]) => yaml,
    );
    const example = await readFile(join(ROOT, "examples/incident-observed.yaml"), "utf8");
    const all = parseAllDocuments(example).map((document) => document.toJS());
    expect(parseAllDocuments(objects).map((document) => document.toJS())).toEqual(all.slice(0, 2));
  });

  it("gives the real PgBouncer a login that may only read", async () => {
    expect(await follow("A login that may only read")).toMatch(/used_clients/);
    const block = `psql postgres://weir_stats@127.0.0.1:${pgbouncer.port}/pgbouncer -c RELOAD`;
    const { password = "" } = await dataOf("secret/pgbouncer-stats");
    const tried = runBlock(block, {
      folder,
      kubeconfigPath: cluster.kubeconfigPath,
      programs: [await findPsql()],
      env: { PGPASSWORD: Buffer.from(password, "base64").toString() },
    });
    await expect(tried).rejects.toThrow("admin access needed");
  });

  it("holds the role in the real Postgres", async () => {
    await follow("Guard the role");
    const limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'writing'";
    expect(await postgres.query(limit)).toEqual([{ rolconnlimit: 97 }]);
  });

  it("applies the operator and the objects, and lets it read the two Secrets", async () => {
    await follow("Start observing");
    const { mayI, client } = await accessOf(cluster, {
      namespace: "weir-system",
      name: "weir-operator",
    });
    const secret = { group: "", resource: "secrets", verb: "get", namespace: "writing" };
    const may = (name: string) => mayI({ ...secret, name });
    const asked = ["pgbouncer-stats", "writing-db", "pgbouncer-auth"];
    // The API server takes a Role up a moment after it was made.
    await expect.poll(() => Promise.all(asked.map(may))).toEqual([true, true, false]);
    await client.close();
    const seen = await follow("Look");
    expect(seen).toContain("connectionbudget.weir.dev/writing");
    expect(seen.match(/^mcpserver\.weir\.dev\//gm)).toHaveLength(10);
  });

  it("prints NetworkPolicies that the API server takes", async () => {
    const page = await readFile(join(ROOT, "docs/adopt.md"), "utf8");
    const policies = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
      .map(([, yaml = ""]) => yaml)
      .filter((yaml) => yaml.includes("kind: NetworkPolicy"));
    expect(policies).toHaveLength(2);
    for (const policy of policies) {
      const words = ["create", "--dry-run=server", "--validate=strict", "-f", "-"];
      expect(await cluster.kubectl(words, policy)).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it("takes all of it away again, and leaves what was there", async () => {
    await follow("Stop observing");
    const left = await kubectl("get", "cb,mcps,roles", "--namespace=writing", "--output=name");
    expect(left).toBe("");
    const workloads = await kubectl("get", "deployments", "--namespace=writing", "--output=name");
    expect(workloads.trim().split("\n")).toHaveLength(11);
  });

  it("has no other commands", () => {
    expect([...shellBlocks("adopt.md").keys()]).toEqual([
      "See what runs",
      "Write it down as two kinds of objects",
      "A login that may only read",
      "Guard the role",
      "Start observing",
      "Look",
      "Stop observing",
    ]);
  });
});
