import { describe, expect, it } from "vitest";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import {
  after,
  incidentSnapshot,
  PENDING,
  podOf,
  snapshotOf,
  seen,
  serverCondition,
  UNREACHABLE,
  withServer,
  withPgBouncerState,
} from "../../test/operator/snapshotOf.ts";
import { clientsOf, twoServers, withClients } from "../../test/operator/twoServers.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { conditionIn } from "./condition.ts";
import { judge } from "./judge.ts";

describe("Admitted", () => {
  it("says the floor and the grant in numbers", () => {
    expect(serverCondition(twoServers(), "scene", "Admitted")?.message).toBe(
      "floor 2 = 1 guaranteed × 2 pods at most, of 190 for servers; " +
        "grant 10 = limit 5 × 2 pods at most; 10 slots",
    );
  });

  it("is refused for what does not fit, and has no numbers", () => {
    const budget = budgetOf({ pgbouncer: { maxClientConn: 30 } });
    const big = { rollout: { type: "Recreate" as const }, pool: { guaranteed: 12, max: 12 } };
    const servers = [serverOf("author", big), serverOf("scene", big)];
    const judgement = judge(snapshotOf({ budget, servers }));
    const refused = judgement.statuses.servers.get("scene") ?? {};
    expect(conditionIn(refused, "Admitted")).toMatchObject({
      status: "False",
      reason: "InsufficientBudget",
      message: "needs 12, free 8 of ConnectionBudget writing",
    });
    expect(refused).toMatchObject({ limit: 0, grant: 0, slots: 0 });
    expect(judgement.statuses.servers.get("author")).toMatchObject({ limit: 12, grant: 12 });
  });

  it("is False for one that is Disabled, and warns nobody", () => {
    const servers = [serverOf("author"), serverOf("scene", { activation: "Disabled" })];
    const judgement = judge(snapshotOf({ servers }));
    const own = judgement.statuses.servers.get("scene") ?? {};
    expect(conditionIn(own, "Admitted")).toMatchObject({ status: "False", reason: "Disabled" });
    expect(judgement.events.filter(({ type }) => type === "Warning")).toEqual([]);
  });
});

function grantOf(snapshot: BudgetSnapshot) {
  return serverCondition(snapshot, "scene", "WithinGrant");
}

function verifiedBy(handshake: ServerSnapshot["handshake"]) {
  return serverCondition(
    twoServers((server) => ({ ...server, handshake })),
    "scene",
    "Verified",
  );
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
    const condition = grantOf(withClients(twoServers(), [clientsOf("10.0.0.2", open)], 1));
    expect(condition).toMatchObject({ status, reason });
    expect(condition?.message).toContain(text);
  });

  it("is not taken back before that was watched for a while", () => {
    const bad = withClients(twoServers(), [clientsOf("10.0.0.2", 11)], 1);
    const later = (lengthMs: number) =>
      withPgBouncerState(after(twoServers(), judge(bad)), (state) => ({
        ...state,
        window: { ...state.window, lengthMs },
      }));
    expect(grantOf(later(1000))).toEqual(grantOf(bad));
    expect(grantOf(later(10_000))?.status).toBe("True");
  });

  it.each([
    { pods: 2, going: 1, status: "True", reason: "Within", text: "from at most 2 pods" },
    {
      pods: 3,
      going: 2,
      status: "False",
      reason: "PodsExceedPeak",
      text: "3 pods (2 terminating) > 2 that the grant counts",
    },
    {
      pods: 4,
      going: 0,
      status: "False",
      reason: "PodsExceedPeak",
      text: "4 pods > 2 that the grant counts",
    },
  ])("with $pods pods, $going of them terminating, is $status", ({ pods, going, ...told }) => {
    const condition = grantOf(
      twoServers((server) => ({
        ...server,
        pods: Array.from({ length: pods }, (_, index) =>
          podOf(`scene-${index}`, { terminating: index < going }),
        ),
      })),
    );
    const { status, reason, text } = told;
    expect(condition).toMatchObject({ status, reason });
    expect(condition?.message).toContain(text);
  });

  it.each([
    [
      { replicas: 2 },
      "Deployment scene may make 2 (its replicas) × 2 (RollingUpdate) = 4 pods > 2",
    ],
    [
      { hpa: { name: "scene", maxReplicas: 3 } },
      "may make 3 (HPA scene) × 2 (RollingUpdate) = 6 pods > 2",
    ],
  ])("is False of a workload that may make more pods: %o", (change, text) => {
    const condition = grantOf(
      twoServers((server) => ({
        ...server,
        ...(server.workload && { workload: { ...server.workload, ...change } }),
      })),
    );
    expect(condition).toMatchObject({ status: "False", reason: "WorkloadExceedsPlan" });
    expect(condition?.message).toContain(text);
  });

  it("counts a StatefulSet's generations once: it replaces a pod when the old one is gone", () => {
    const condition = grantOf(
      twoServers((server) => ({
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
      expect(serverCondition(incidentSnapshot(held), "scene", "WithinGrant")?.status).toBe(status);
    });

    it("is Unknown where no client has a pod's address, until one had", () => {
      expect(grantOf(translated(incidentSnapshot(5)))).toMatchObject({
        status: "Unknown",
        reason: "AddressesHidden",
      });
      const first = judge(incidentSnapshot(5));
      expect(grantOf(translated(after(incidentSnapshot(5), first)))?.status).toBe("True");
    });

    it("is Unknown of a pod in its node's network", () => {
      const inNode = withServer(incidentSnapshot(5), "scene", (server) => ({
        ...server,
        pods: [podOf("scene-0")],
      }));
      expect(grantOf(inNode)).toMatchObject({ status: "Unknown", reason: "AddressesShared" });
    });

    it("is Unknown where two servers' pods have one address", () => {
      const shared = withServer(incidentSnapshot(5), "author", (server) => ({
        ...server,
        pods: [podOf("author-0", { address: "10.0.0.9" })],
      }));
      expect(grantOf(shared)).toMatchObject({ status: "Unknown", reason: "AddressesShared" });
    });
  });
});

describe("Verified", () => {
  it("says what answered, what did not, and what could not be asked", () => {
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
