import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { crdFiles } from "../../src/api/crd.ts";
import { SCHEMAS, type Kind } from "../../src/api/fieldSchema.ts";
import { arbitraryBudget, arbitraryServer, NAMESPACE } from "../fleets/arbitraryObject.ts";
import { API_SERVER_START_TIMEOUT_MS, type ApiServer, startApiServer } from "./apiServer.ts";

const RUNS = 300;

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
  const crds = crdFiles().map((file) => file.text);
  const applied = await server.kubectl(["apply", "--server-side", "-f", "-"], crds.join("---\n"));
  if (applied.code !== 0) throw new Error(applied.stderr);
  await server.kubectl(["wait", "--for=condition=Established", "crd", "--all"]);
  await server.kubectl(["create", "namespace", NAMESPACE]);
}, API_SERVER_START_TIMEOUT_MS);

afterAll(() => server.stop());

/** Whether an object is allowed, and what it is with its defaults. */
type Verdict = { readonly allowed: true; readonly spec: unknown } | { readonly allowed: false };

/** What the API server says of an object, which it does not keep. */
async function asked(kind: Kind, object: unknown): Promise<Verdict> {
  const resource = `namespaces/${NAMESPACE}/${kind.toLowerCase()}s`;
  const query = "dryRun=All&fieldValidation=Strict";
  const creation = request(`${server.url}/apis/weir.dev/v1alpha1/${resource}?${query}`, {
    method: "POST",
    ca: Buffer.from(server.caData, "base64"),
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    creation.on("error", reject).on("response", resolve);
  });
  creation.end(JSON.stringify(object));
  const response = await answer;
  const body: { spec?: unknown; message?: string } = JSON.parse(await text(response));
  if (response.statusCode === 201) return { allowed: true, spec: body.spec };
  if (response.statusCode === 422 || response.statusCode === 400) return { allowed: false };
  throw new Error(`${response.statusCode}: ${body.message}`);
}

/** What a fleet file says of it. */
function read(kind: Kind, object: unknown): Verdict {
  const { data } = SCHEMAS[kind].safeParse(object);
  return data === undefined ? { allowed: false } : { allowed: true, spec: data.spec };
}

describe.each([
  ["ConnectionBudget", arbitraryBudget],
  ["McpServer", arbitraryServer],
] as const)("the API server and a fleet file agree about every %s", (kind, arbitrary) => {
  test("what is allowed, and what the defaults are", async () => {
    const seen = { true: 0, false: 0 };
    await fc.assert(
      fc.asyncProperty(arbitrary, async (object) => {
        const verdict = read(kind, object);
        expect(await asked(kind, object)).toEqual(verdict);
        seen[`${verdict.allowed}`] += 1;
      }),
      { numRuns: RUNS },
    );
    // Else one of the two was hardly asked anything.
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(RUNS / 10);
  });
});

test("kubectl shows them under their short names, with their columns", async () => {
  const { kubectl } = server;
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
    "POLICY",
    "MODE",
    "CLIENTS",
    "PODS",
    "FEASIBLE",
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

test("kubectl scale sets replicas, of servers and of PgBouncer", async () => {
  const { kubectl } = server;
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
