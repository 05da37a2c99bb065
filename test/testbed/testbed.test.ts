import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client as McpClient, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { STATS_LOGIN } from "../../src/api/names.ts";
import { connect } from "../../src/kube/client.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { listObjects } from "../../src/kube/list.ts";
import { writeStatus } from "../../src/kube/status.ts";
import { listsAmong, writesAmong } from "./requests.ts";
import { type Testbed, TESTBED_START_TIMEOUT_MS, startTestbed } from "./testbed.ts";
import type { ServerPod } from "./serverPods.ts";
import { existingFleet, ownFleet, SERVERS } from "./writingFleet.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

const TIERS = ["writing-pgbouncer-0", "writing-pgbouncer-1"];

describe("behind PgBouncers that the charts made", () => {
  let testbed: Testbed;

  beforeAll(async () => {
    testbed = await startTestbed();
    await testbed.fleet(ownFleet(testbed));
  }, TESTBED_START_TIMEOUT_MS);

  afterAll(() => testbed?.stop());

  test("each PgBouncer sees the connections of a pod from the pod's address", async () => {
    const [pod] = testbed.servers.pods("scene");
    const [report] = await testbed.servers.behave("scene", { open: "max", busy: 2 });

    const { open, refusals, losses } = report ?? {};
    expect({ open, refusals, losses }).toEqual({ open: 5, refusals: {}, losses: {} });
    expect(await clientsAt("scene")).toEqual({ [addressOf(pod)]: 5 });
    const told = await testbed.kubectl("get", "pods", "-o=jsonpath={.items[*].status.podIP}");
    expect(told.split(" ")).toContain(addressOf(pod));
    // The load is real.
    await expect
      .poll(async () => (await testbed.servers.report(keyOf(pod))).done)
      .toBeGreaterThan(9);

    await testbed.servers.load(keyOf(pod), { open: 1, busy: 0 });
    await expect.poll(() => clientsAt("scene")).toEqual({ [addressOf(pod)]: 1 });
  });

  test("the stats login gets in with the password of its Secret, at the pod's address", async () => {
    const path = "-o=jsonpath={.data.password}";
    const secret = await testbed.kubectl("get", "secret", "writing-stats", path);
    const [host] = (
      await testbed.kubectl("get", "pod", "writing-pgbouncer-0", "-o=jsonpath={.status.podIP}")
    ).split(" ");
    const stats = new Client({
      host: host ?? "",
      port: 6432,
      user: STATS_LOGIN,
      password: Buffer.from(secret, "base64").toString(),
      database: "pgbouncer",
    });
    await stats.connect();
    const { rows } = await stats.query("SHOW DATABASES");
    await stats.end();
    const lines = rows.map(({ name }) => name);
    expect(lines).toEqual(expect.arrayContaining([...SERVERS, "maintenance"]));
  });

  test("a server answers MCP of both eras at its pod's address", async () => {
    const [pod] = testbed.servers.pods("author");
    const url = new URL(`http://${addressOf(pod)}:3009/mcp`);
    const modern = new McpClient({ name: "test", version: "1" });
    await modern.connect(new StreamableHTTPClientTransport(url));
    const legacy = new LegacyClient({ name: "test", version: "1" });
    await legacy.connect(new LegacyTransport(url));
    for (const client of [modern, legacy]) {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(["ping"]);
      expect(client.getServerVersion()?.name).toBe("author");
      await client.close();
    }
  });

  test("what the operator asks is counted exactly, and what it says is observed", async () => {
    const client = connect(
      loadKubeconfig({ KUBECONFIG: testbed.operatorKubeconfig }),
      systemRuntime,
    );
    const place = {
      kind: "McpServer",
      apiVersion: "weir.dev/v1alpha1",
      plural: "mcpservers",
      namespace: "writing",
      name: "author",
    };
    const setStatus = (status: string) =>
      writeStatus(client, systemRuntime, {
        place,
        fieldManager: "weir",
        statusFor: () => ({ conditions: [withinGrant(status)] }),
      });
    const wanted = { kind: "McpServer", name: "author", type: "WithinGrant" } as const;

    const before = await testbed.requests.mark();
    const seen = testbed.conditions.until({ ...wanted, status: "True", reason: "StandIn" });
    await setStatus("True");
    expect(await seen).toMatchObject({ message: "one open, five granted" });
    await setStatus("True");
    await setStatus("False");
    await testbed.conditions.until({ ...wanted, status: "False" });
    await listObjects(client, { kind: "Pod", apiVersion: "v1", plural: "pods" });
    const asked = await testbed.requests.since(before);
    await client.close();

    const write = "patch mcpservers/status writing/author";
    expect(writesAmong(asked)).toEqual([write, write]);
    expect(listsAmong(asked)).toEqual(["list pods"]);
    const flips = testbed.conditions.flips().map(({ object, from, to }) => [object, from, to]);
    const object = "McpServer writing/author";
    expect(flips).toEqual([
      [object, undefined, "True"],
      [object, "True", "False"],
    ]);
    expect(await testbed.requests.since(await testbed.requests.mark())).toEqual([]);
  });

  test("with other numbers in the fleet, all pods are replaced, and connect anew", async () => {
    const [old] = testbed.servers.pods("author");
    await testbed.servers.behave("author", { open: "max" });
    const letGo = testbed.servers.holdTerminating("author");
    const { plan } = await testbed.fleet(ownFleet(testbed, { server: { pool: { max: 3 } } }));
    expect(plan.budgets[0]?.servers[0]).toMatchObject({ name: "author", limit: 3, grant: 6 });

    // The old one is still there, and holds what it opened.
    const [first, second] = testbed.servers.pods("author");
    const pods = [first, second].filter((pod) => pod?.key !== old?.key);
    expect([first?.key, second?.key]).toContain(old?.key);
    await expect
      .poll(() => clientsAt("author"))
      .toEqual({ [addressOf(old)]: 5, [addressOf(pods[0])]: 3 });
    for (const name of TIERS) {
      const lines = await testbed.show(testbed.pgbouncer(name), "DATABASES");
      const line = lines.find((each) => each["name"] === "author");
      expect(line?.["max_client_connections"]).toBe(6);
    }

    letGo();
    await expect.poll(() => clientsAt("author")).toEqual({ [addressOf(pods[0])]: 3 });
  });

  /** Clients of a line, on all PgBouncers together, by address. */
  async function clientsAt(line: string): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const name of TIERS) {
      for (const row of await testbed.show(testbed.pgbouncer(name), "CLIENTS")) {
        const address = String(row["addr"]);
        if (row["database"] === line) counts[address] = (counts[address] ?? 0) + 1;
      }
    }
    return counts;
  }
});

describe("behind a PgBouncer that was there before", () => {
  let testbed: Testbed;

  beforeAll(async () => {
    testbed = await startTestbed({ existing: { maxClientConn: 200 } });
    const pool = { guaranteed: 20, max: 20 };
    await testbed.fleet(
      existingFleet(testbed, { server: { pool, rollout: { type: "Recreate" } } }),
    );
  }, TESTBED_START_TIMEOUT_MS);

  afterAll(() => testbed?.stop());

  test("ten pools of 20 fill it, and the next one is refused", async () => {
    const reports = await Promise.all(
      SERVERS.map((server) => testbed.servers.behave(server, { open: "max" })),
    );
    expect(reports.flat().map(({ open }) => open)).toEqual(SERVERS.map(() => 20));
    expect(await usedClients()).toBe(200);

    const [pod] = testbed.servers.pods("review");
    const full = await testbed.servers.load(keyOf(pod), { open: 21, busy: 0 });
    expect(full.open).toBe(20);
    expect(Object.keys(full.refusals)).toEqual([
      expect.stringContaining("no more connections allowed (max_client_conn)"),
    ]);
  });

  test("its ini is changed by hand, and counts when it is reloaded", async () => {
    const bouncer = testbed.existing();
    await testbed.edit(bouncer, "pgbouncer.ini", (text) =>
      text.replace("max_client_conn = 200", "max_client_conn = 300"),
    );
    expect(await maxClientConn()).toBe("200");
    await bouncer.reload();
    expect(await maxClientConn()).toBe("300");
    // The one that was refused gets in by itself.
    await expect.poll(usedClients).toBe(201);
  });

  async function usedClients(): Promise<number> {
    const rows = await testbed.show(testbed.existing(), "LISTS");
    // The console that asks is one of them.
    return Number(rows.find(({ list }) => list === "used_clients")?.["items"]) - 1;
  }

  async function maxClientConn(): Promise<unknown> {
    const rows = await testbed.show(testbed.existing(), "CONFIG");
    return rows.find(({ key }) => key === "max_client_conn")?.["value"];
  }
});

function withinGrant(status: string) {
  return {
    type: "WithinGrant",
    status,
    reason: "StandIn",
    message: "one open, five granted",
    lastTransitionTime: "2026-01-01T00:00:00Z",
  };
}

function keyOf(pod: ServerPod | undefined): string {
  if (pod === undefined) throw new Error("no such pod runs");
  return pod.key;
}

function addressOf(pod: ServerPod | undefined): string {
  if (pod === undefined) throw new Error("no such pod runs");
  return pod.address;
}
