import { describe, expect, it } from "vitest";
import { budgetOf, serverOf } from "../../../test/fleets/fleetOf.ts";
import {
  after,
  AT_MS,
  incidentScene,
  PENDING,
  podOf,
  runningOf,
  sceneOf,
  seen,
  serverCondition,
  UNREACHABLE,
  withLine,
  withServer,
  withSight,
} from "../../../test/operator/sceneOf.ts";
import { mcpServerSchema } from "../../api/mcpServer.ts";
import type { BudgetSnapshot, ClientCount, ServerSnapshot } from "../snapshot.ts";
import { conditionIn } from "./condition.ts";
import { judge } from "./judge.ts";
import { judgeOrphan } from "./judgeOrphan.ts";

const SERVERS = [serverOf("author"), serverOf("scene")];

/** Two servers of weir's own tier: limit 5, grant 10, peak 2 pods each. `scene` is at 10.0.0.2. */
function scene(change: (server: ServerSnapshot) => ServerSnapshot = (same) => same) {
  return withServer(sceneOf({ servers: SERVERS }), "scene", change);
}

function summed(clients: readonly ClientCount[]): number {
  return clients.reduce((sum, { count }) => sum + count, 0);
}

function withClients(
  snapshot: BudgetSnapshot,
  clients: readonly ClientCount[],
  only?: number,
): BudgetSnapshot {
  return withSight(
    snapshot,
    (sight) => {
      const counts = (key: "line" | "address") =>
        Map.groupBy(clients, (client) => client[key]).entries();
      return {
        ...sight,
        clients,
        lines: sight.lines.map((line) => ({
          ...line,
          openClients: summed(clients.filter((client) => client.line === line.name)),
        })),
        window: {
          ...sight.window,
          addresses: new Map([...counts("address")].map(([key, own]) => [key, summed(own)])),
          lines: new Map(
            [...counts("line")].map(([key, own]) => [
              key,
              { clientsMax: summed(own), serversMax: 0 },
            ]),
          ),
        },
      };
    },
    only,
  );
}

function clientsOf(address: string, count: number, line = "scene"): ClientCount {
  return { line, user: line, address, count, idle: 0 };
}

describe("Admitted", () => {
  it("tells the floor and the grant in numbers", () => {
    expect(serverCondition(scene(), "scene", "Admitted")?.message).toBe(
      "floor 2 = 1 guaranteed × 2 pods at most, of 190 for servers; " +
        "grant 10 = limit 5 × 2 pods at most; 10 slots",
    );
  });

  it("is refused for what does not fit, and has no numbers", () => {
    const budget = budgetOf({ pgbouncer: { maxClientConn: 30 } });
    const big = { rollout: { type: "Recreate" as const }, pool: { guaranteed: 12, max: 12 } };
    const servers = [serverOf("author", big), serverOf("scene", big)];
    const judgement = judge(sceneOf({ budget, servers }));
    const refused = judgement.serverStatuses.get("scene") ?? {};
    expect(conditionIn(refused, "Admitted")).toMatchObject({
      status: "False",
      reason: "InsufficientBudget",
      message: "needs 12, free 8 of ConnectionBudget writing",
    });
    expect(refused).toMatchObject({ limit: 0, grant: 0, slots: 0 });
    expect(judgement.serverStatuses.get("author")).toMatchObject({ limit: 12, grant: 12 });
  });

  it("is False for one that is Disabled, and warns nobody", () => {
    const servers = [serverOf("author"), serverOf("scene", { activation: "Disabled" })];
    const judgement = judge(sceneOf({ servers }));
    const own = judgement.serverStatuses.get("scene") ?? {};
    expect(conditionIn(own, "Admitted")).toMatchObject({ status: "False", reason: "Disabled" });
    expect(judgement.notices.filter(({ type }) => type === "Warning")).toEqual([]);
  });
});

function grantOf(snapshot: BudgetSnapshot) {
  return serverCondition(snapshot, "scene", "WithinGrant");
}

function settingOf(snapshot: BudgetSnapshot) {
  return serverCondition(snapshot, "scene", "PoolSettingIgnored");
}

function verifiedBy(handshake: ServerSnapshot["handshake"]) {
  return serverCondition(
    scene((server) => ({ ...server, handshake })),
    "scene",
    "Verified",
  );
}

function withoutWorkload({ object, pods, handshake }: ServerSnapshot): ServerSnapshot {
  return { object, pods, handshake };
}

function withoutSetting(server: ServerSnapshot): ServerSnapshot {
  if (server.workload === undefined) return server;
  const { kind, name, uid, replicas, rollout } = server.workload;
  return { ...server, workload: { kind, name, uid, replicas, rollout } };
}

/** All clients of the shared line come from an address that no pod has. */
function translated(snapshot: BudgetSnapshot): BudgetSnapshot {
  return withClients(snapshot, [clientsOf("192.168.7.7", 200, "writing")]);
}

describe("WithinGrant", () => {
  it.each([
    { open: 10, status: "True", reason: "Within", text: "at most 10 clients" },
    {
      open: 11,
      status: "False",
      reason: "ClientsExceedGrant",
      text: "11 clients on writing-pgbouncer-1 > grant 10",
    },
  ])("with $open clients on its own line is $status", ({ open, status, reason, text }) => {
    const condition = grantOf(withClients(scene(), [clientsOf("10.0.0.2", open)], 1));
    expect(condition).toMatchObject({ status, reason });
    expect(condition?.message).toContain(text);
  });

  it.each([
    { pods: 2, status: "True", reason: "Within", text: "from at most 2 pods" },
    {
      pods: 3,
      status: "False",
      reason: "PodsExceedPeak",
      text: "3 pods, 2 of them terminating > 2 that the grant counts",
    },
  ])("with $pods pods, terminating ones too, is $status", ({ pods, status, reason, text }) => {
    const condition = grantOf(
      scene((server) => ({
        ...server,
        pods: Array.from({ length: pods }, (_, index) =>
          podOf(`scene-${index}`, { terminating: index > 0 }),
        ),
      })),
    );
    expect(condition).toMatchObject({ status, reason });
    expect(condition?.message).toContain(text);
  });

  it.each([
    [
      { replicas: 2 },
      "Deployment scene may make 2 (its replicas) × 2 (RollingUpdate) = 4 pods > 2",
    ],
    [
      { hpa: { name: "scene", minReplicas: 1, maxReplicas: 3 } },
      "may make 3 (HPA scene) × 2 (RollingUpdate) = 6 pods > 2",
    ],
  ])("is False of a workload that may make more pods: %o", (change, text) => {
    const condition = grantOf(
      scene((server) => ({
        ...server,
        ...(server.workload && { workload: { ...server.workload, ...change } }),
      })),
    );
    expect(condition).toMatchObject({ status: "False", reason: "WorkloadExceedsPlan" });
    expect(condition?.message).toContain(text);
  });

  it("counts a StatefulSet's generations once: it replaces a pod when the old one is gone", () => {
    const condition = grantOf(
      scene((server) => ({
        ...server,
        ...(server.workload && {
          workload: { ...server.workload, kind: "StatefulSet" as const, replicas: 2 },
        }),
      })),
    );
    expect(condition?.status).toBe("True");
  });

  describe("on a line that all share", () => {
    it.each([
      { held: 19, status: "True" },
      { held: 20, status: "False" },
    ])("is told by its pods' addresses: $held are $status", ({ held, status }) => {
      expect(serverCondition(incidentScene(held), "scene", "WithinGrant")?.status).toBe(status);
    });

    it("is Unknown where no client has a pod's address, until one had", () => {
      expect(grantOf(translated(incidentScene(5)))).toMatchObject({
        status: "Unknown",
        reason: "AddressesHidden",
      });
      const first = judge(incidentScene(5));
      expect(grantOf(translated(after(incidentScene(5), first)))?.status).toBe("True");
    });

    it("is Unknown of a pod in its node's network", () => {
      const inNode = withServer(incidentScene(5), "scene", (server) => ({
        ...server,
        pods: [podOf("scene-0")],
      }));
      expect(grantOf(inNode)).toMatchObject({ status: "Unknown", reason: "AddressesShared" });
    });

    it("is Unknown where two servers' pods have one address", () => {
      const shared = withServer(incidentScene(5), "author", (server) => ({
        ...server,
        pods: [podOf("author-0", { ip: "10.0.0.9" })],
      }));
      expect(grantOf(shared)).toMatchObject({ status: "Unknown", reason: "AddressesShared" });
    });
  });
});

describe("PoolSettingIgnored", () => {
  it("is not taken back before that was watched for a while", () => {
    const bad = withClients(scene(), [clientsOf("10.0.0.2", 6)], 0);
    const later = (lengthMs: number) =>
      withSight(after(scene(), judge(bad)), (sight) => ({
        ...sight,
        window: { ...sight.window, lengthMs },
      }));
    expect(settingOf(later(1000))).toEqual(settingOf(bad));
    expect(settingOf(later(10_000))?.status).toBe("False");
  });

  it.each([
    { held: 5, status: "False", reason: "Followed" },
    { held: 6, status: "True", reason: "MoreThanConfigured" },
  ])("with $held connections of a pod that is set to 5 is $status", ({ held, status, reason }) => {
    expect(settingOf(withClients(scene(), [clientsOf("10.0.0.2", held)], 0))).toMatchObject({
      status,
      reason,
    });
  });

  it("adds up all PgBouncers", () => {
    const condition = settingOf(withClients(scene(), [clientsOf("10.0.0.2", 3)]));
    expect(condition).toMatchObject({
      status: "True",
      message: "pod scene-0 holds 6 connections, its setting allows 5",
    });
  });

  it("does not take connections that moved from one PgBouncer to the other for more", () => {
    const moved = withSight(
      withClients(scene(), [clientsOf("10.0.0.2", 5)], 0),
      (sight) => ({
        ...sight,
        window: { ...sight.window, addresses: new Map([["10.0.0.2", 5]]) },
      }),
      1,
    );
    expect(settingOf(moved)?.status).toBe("False");
  });

  it("goes by the pod's own setting, times its processes", () => {
    const old = scene((server) => ({
      ...server,
      pods: server.pods.map((pod) => ({ ...pod, poolMax: 8 })),
    }));
    expect(settingOf(withClients(old, [clientsOf("10.0.0.2", 8)], 0))?.status).toBe("False");
    expect(settingOf(withClients(old, [clientsOf("10.0.0.2", 9)], 0))?.status).toBe("True");
  });

  it("is True where the template gives another size than the limit", () => {
    const condition = settingOf(
      scene((server) => ({
        ...server,
        ...(server.workload && { workload: { ...server.workload, poolMax: 20 } }),
      })),
    );
    expect(condition).toMatchObject({
      status: "True",
      reason: "ConfiguredOtherwise",
      message:
        "Deployment scene gives a process 20 (env DB_POOL_MAX_PER_SERVER of container server), " +
        "and its limit is 5",
    });
  });

  it("is Unknown without a workload, or a setting in it", () => {
    const gone = scene(withoutWorkload);
    expect(settingOf(gone)).toMatchObject({ status: "Unknown", reason: "WorkloadNotFound" });
    const unset = scene(withoutSetting);
    expect(settingOf(unset)).toMatchObject({ status: "Unknown", reason: "NoPoolSetting" });
  });
});

describe("Verified", () => {
  it("tells what answered, what did not, and what could not be asked", () => {
    const ok = { ok: true, protocolVersion: "2025-11-25", serverName: "scene", pod: "p" } as const;
    expect(verifiedBy(seen(ok))).toMatchObject({
      status: "True",
      message: "scene speaks MCP 2025-11-25",
    });
    expect(verifiedBy(seen({ ok: false, pod: "scene-0", message: "HTTP 500" }))).toMatchObject({
      status: "False",
      reason: "HandshakeFailed",
      message: "pod scene-0: HTTP 500",
    });
    expect(verifiedBy(UNREACHABLE)).toMatchObject({ status: "Unknown", reason: "Unreachable" });
    expect(verifiedBy(PENDING)).toBeUndefined();
  });
});

describe("a server whose budget does not exist", () => {
  const orphan = runningOf(serverOf("lost"), 5, 0);
  const { status, notices } = judgeOrphan(orphan, AT_MS);

  it("has a status that says so, and again the same", () => {
    expect(conditionIn(status, "Admitted")).toMatchObject({
      status: "False",
      reason: "BudgetNotFound",
      message: "there is no ConnectionBudget writing in namespace writing",
    });
    expect(conditionIn(status, "Ready")?.status).toBe("False");
    expect(status).toMatchObject({ replicas: 1, grant: 0 });
    const again = { ...orphan, object: { ...orphan.object, status } };
    expect(judgeOrphan(again, AT_MS + 5000)).toMatchObject({ status, notices: [] });
    expect(mcpServerSchema.safeParse({ ...serverOf("lost"), status }).success).toBe(true);
  });

  it("is told to somebody once", () => {
    expect(notices).toMatchObject([{ type: "Warning", reason: "BudgetNotFound" }]);
  });
});

describe("figures", () => {
  it("are what is open now, beside what is planned", () => {
    const { figures } = judge(
      withSight(
        withClients(scene(), [clientsOf("10.0.0.2", 3)], 0),
        withLine("scene", { openServers: 2 }),
        0,
      ),
    );
    const pgbouncer = "writing-pgbouncer-0";
    for (const figure of [
      { name: "weir_clients_capacity", labels: {}, value: 200 },
      { name: "weir_clients_planned", labels: { part: "granted" }, value: 20 },
      { name: "weir_server_grant", labels: { server: "scene" }, value: 10 },
      { name: "weir_server_clients_open", labels: { server: "scene", pgbouncer }, value: 3 },
      { name: "weir_server_connections_open", labels: { pgbouncer, line: "scene" }, value: 2 },
      { name: "weir_server_pods", labels: { server: "scene" }, value: 1 },
      { name: "weir_postgres_role_limit", labels: {}, value: 97 },
      { name: "weir_condition", labels: { object: "McpServer/scene", type: "Ready" }, value: 1 },
    ]) {
      expect(figures).toContainEqual(figure);
    }
  });

  it("are absent of what could not be asked", () => {
    const { figures } = judge({ ...scene(), poolers: UNREACHABLE, postgres: UNREACHABLE });
    const names = new Set(figures.map(({ name }) => name));
    expect(names).not.toContain("weir_clients_open");
    expect(names).not.toContain("weir_postgres_backends");
    expect(figures).toContainEqual({
      name: "weir_condition",
      labels: { object: "ConnectionBudget/writing", type: "WithinBudget" },
      value: -1,
    });
  });

  it("have each sample once", () => {
    const keys = judge(scene()).figures.map(({ name, labels }) => JSON.stringify([name, labels]));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
