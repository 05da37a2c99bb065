import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { SCHEMAS, type Kind } from "../../src/api/fieldSchema.ts";
import { rulesWithin } from "../../src/api/rules.ts";
import {
  arbitraryBudget,
  arbitraryServer,
  comparedBudgets,
  comparedServers,
  NAMESPACE,
} from "../fleets/arbitraryObject.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { applied, changedByApplying, notCreated } from "./applying.ts";
import { CLUSTER_START_TIMEOUT_MS, startCluster, type Cluster } from "./cluster.ts";
import { dryRunOf, type DryRun, type DryRunVerdict } from "./dryRun.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CRDS = join(ROOT, "crds");
const EXAMPLE = join(ROOT, "examples/writing-servers/fleet.yaml");

/** Of each kind. */
const OBJECTS = 1000;

let cluster: Cluster;
let api: DryRun;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.claim("--filename", CRDS);
  await cluster.claim("namespace", NAMESPACE);
  await applied(cluster, CRDS);
  await cluster.kubectl(["wait", "--for=condition=Established", "--filename", CRDS]);
  await cluster.kubectl(["create", "namespace", NAMESPACE]);
  api = await dryRunOf(cluster.kubeconfigPath);
}, CLUSTER_START_TIMEOUT_MS);

afterAll(async () => {
  await api.close();
  await cluster.stop();
});

test("crds/ changes nothing when it is applied again", async () => {
  expect(await changedByApplying(cluster, CRDS)).toEqual([]);
});

test("a cluster takes a fleet file, and nothing changes when it is applied again", async () => {
  const text = await readFile(EXAMPLE, "utf8");
  const path = join(await scratchDir("fleet"), "fleet.yaml");
  await writeFile(path, text.replaceAll("namespace: writing", "namespace: weir-fleet"));
  await cluster.claim("namespace", "weir-fleet");
  await cluster.kubectl(["create", "namespace", "weir-fleet"]);

  const lines = await applied(cluster, path);
  expect(lines).toHaveLength(11);
  expect(notCreated(lines)).toEqual([]);
  expect(await changedByApplying(cluster, path)).toEqual([]);
});

/** Whether an object is allowed, and what it is with its defaults. */
type Agreed = { readonly allowed: true; readonly spec: unknown } | { readonly allowed: false };

/** What a fleet file says of it. */
function read(kind: Kind, object: unknown): Agreed {
  const { data } = SCHEMAS[kind].safeParse(object);
  return data === undefined ? { allowed: false } : { allowed: true, spec: data.spec };
}

/** What a kind's CEL rules say of an object that breaks them. */
function celMessages(kind: Kind): readonly string[] {
  return rulesWithin(SCHEMAS[kind]).flatMap(({ rule: { cel, path, message } }) =>
    cel === undefined ? [] : [`${path.join(".")} ${message}`],
  );
}

describe.each([
  ["ConnectionBudget", arbitraryBudget, comparedBudgets],
  ["McpServer", arbitraryServer, comparedServers],
] as const)("the API server and a fleet file agree about every %s", (kind, arbitrary, compared) => {
  const collection = `/apis/weir.dev/v1alpha1/namespaces/${NAMESPACE}/${kind.toLowerCase()}s`;

  async function agreed(object: unknown): Promise<DryRunVerdict> {
    const verdict = await api.create(collection, object);
    const { allowed } = verdict;
    const found = allowed ? { allowed, spec: verdict.spec } : { allowed };
    // With the object, so that whoever reads the difference knows of what.
    expect({ object, ...found }).toEqual({ object, ...read(kind, object) });
    return verdict;
  }

  // A thousand requests, one after the other.
  test("what is allowed, and what the defaults are", { timeout: 600_000 }, async () => {
    const seen = { true: 0, false: 0 };
    await fc.assert(
      fc.asyncProperty(arbitrary, async (object) => {
        seen[`${(await agreed(object)).allowed}`] += 1;
      }),
      { numRuns: OBJECTS },
    );
    // Else one of the two was hardly asked anything.
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(OBJECTS / 5);
  });

  test("each rule, by what breaks it and what does not", async () => {
    const said: string[] = [];
    for (const object of compared) {
      const verdict = await agreed(object);
      if (!verdict.allowed) said.push(...verdict.messages);
    }
    const all = said.join("\n");
    expect(celMessages(kind).filter((message) => !all.includes(message))).toEqual([]);
  });
});

test("kubectl shows them under their short names, with their columns", async () => {
  const { kubectl } = cluster;
  const header = async (name: string) => {
    const shown = await kubectl(["get", name, "-n", NAMESPACE]);
    return shown.stdout.split("\n")[0]?.trim().split(/\s+/);
  };
  const objects = [
    {
      apiVersion: "weir.dev/v1alpha1",
      kind: "ConnectionBudget",
      metadata: { name: "writing" },
      spec: {
        postgres: { host: "pg", database: "writing", credentialsSecretRef: { name: "pg" } },
        pgbouncer: { maxClientConn: 200 },
      },
    },
    {
      apiVersion: "weir.dev/v1alpha1",
      kind: "McpServer",
      metadata: { name: "author" },
      spec: { budgetRef: { name: "writing" }, image: "author:1", port: 3001 },
    },
  ];
  const items = { apiVersion: "v1", kind: "List", items: objects };
  const created = await kubectl(["create", "-n", NAMESPACE, "-f", "-"], JSON.stringify(items));
  expect(created.stderr).toBe("");
  expect(await header("cb")).toEqual([
    "NAME",
    "MODE",
    "CLIENTS",
    "PODS",
    "FEASIBLE",
    "WITHIN",
    "APPLIED",
    "GUARDED",
    "READY",
    "AGE",
  ]);
  expect(await header("mcps")).toEqual([
    "NAME",
    "BUDGET",
    "PODS",
    "LIMIT",
    "GRANT",
    "ADMITTED",
    "READY",
  ]);
  const both = await kubectl(["get", "weir", "-n", NAMESPACE, "-o", "name"]);
  expect(both.stdout.trim().split("\n").toSorted()).toEqual([
    "connectionbudget.weir.dev/writing",
    "mcpserver.weir.dev/author",
  ]);
});

test("the scale of a budget and of a server that say no replicas holds their defaults", async () => {
  for (const [resource, replicas] of [
    ["connectionbudgets/writing", 2],
    ["mcpservers/author", 1],
  ] as const) {
    const path = `/apis/weir.dev/v1alpha1/namespaces/${NAMESPACE}/${resource}/scale`;
    const { code, stdout, stderr } = await cluster.kubectl(["get", "--raw", path]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ kind: "Scale", spec: { replicas } });
  }
});

test("kubectl scale sets replicas, of servers and of PgBouncer", async () => {
  const { kubectl } = cluster;
  const scaled = await kubectl([
    "scale",
    "mcps/author",
    "cb/writing",
    "--replicas=3",
    "-n",
    NAMESPACE,
  ]);
  expect(scaled.stderr).toBe("");
  const shown = await kubectl([
    "get",
    "mcps/author",
    "cb/writing",
    "-n",
    NAMESPACE,
    "-o",
    "jsonpath={.items[0].spec.replicas} {.items[1].spec.pgbouncer.replicas}",
  ]);
  expect(shown.stdout).toBe("3 3");
});
