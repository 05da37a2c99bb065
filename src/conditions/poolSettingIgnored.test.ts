import { describe, expect, it } from "vitest";
import { serverOf } from "../../test/fleets/fleetOf.ts";
import {
  after,
  snapshotOf,
  serverCondition,
  withServer,
  withPgBouncerState,
} from "../../test/operator/snapshotOf.ts";
import { clientsOf, twoServers, withClients } from "../../test/operator/twoServers.ts";
import type { BudgetSnapshot, ServerSnapshot } from "../model/budgetSnapshot.ts";
import { judge } from "./judge.ts";

function settingOf(snapshot: BudgetSnapshot) {
  return serverCondition(snapshot, "scene", "PoolSettingIgnored");
}

function withoutWorkload({ object, pods, handshake }: ServerSnapshot): ServerSnapshot {
  return { object, pods, handshake };
}

function withoutSetting(server: ServerSnapshot): ServerSnapshot {
  if (server.workload === undefined) return server;
  const { kind, name, replicas, rollout } = server.workload;
  return { ...server, workload: { kind, name, replicas, rollout } };
}

/** Pods that are set to 4, of a server with this pool. */
function setToFour(pool: object): BudgetSnapshot {
  const servers = [serverOf("author"), serverOf("scene", { pool })];
  return withServer(snapshotOf({ servers }), "scene", (server) => ({
    ...server,
    pods: server.pods.map((pod) => ({ ...pod, poolMax: 4 })),
  }));
}

/** A pod with five clients on each of two processes, so many of which wait. */
function fiveOnEach(waiting: number) {
  return settingOf(withClients(twoServers(), [{ ...clientsOf("10.0.0.2", 5), waiting }]));
}

describe("PoolSettingIgnored", () => {
  it("is not taken back before that was watched for a while", () => {
    const bad = withClients(twoServers(), [clientsOf("10.0.0.2", 6)], 0);
    const later = (lengthMs: number) =>
      withPgBouncerState(after(twoServers(), judge(bad)), (state) => ({
        ...state,
        window: { ...state.window, lengthMs },
      }));
    expect(settingOf(later(1000))).toEqual(settingOf(bad));
    expect(settingOf(later(10_000))?.status).toBe("False");
  });

  it.each([
    { held: 5, status: "False", reason: "Followed" },
    { held: 6, status: "True", reason: "MoreThanConfigured" },
  ])("with $held connections of a pod that is set to 5 is $status", ({ held, status, reason }) => {
    expect(settingOf(withClients(twoServers(), [clientsOf("10.0.0.2", held)], 0))).toMatchObject({
      status,
      reason,
    });
  });

  it("adds up all PgBouncers", () => {
    const condition = settingOf(withClients(twoServers(), [clientsOf("10.0.0.2", 3)]));
    expect(condition).toMatchObject({
      status: "True",
      message: "pod scene-0 holds 6 connections, its setting allows 5",
    });
  });

  it.each([
    { count: 10, waiting: 5, status: "False", reason: "Followed" },
    { count: 10, waiting: 4, status: "True", reason: "MoreThanConfigured" },
  ])("goes by those that don't wait: $waiting of $count do", ({ count, waiting, ...told }) => {
    const clients = [{ ...clientsOf("10.0.0.2", count), waiting }];
    expect(settingOf(withClients(twoServers(), clients, 0))).toMatchObject(told);
  });

  it("adds up over all PgBouncers those that don't wait", () => {
    expect(fiveOnEach(3)?.status).toBe("False");
    expect(fiveOnEach(2)?.message).toBe("pod scene-0 holds 6 connections, its setting allows 5");
  });

  it("does not take connections that moved from one PgBouncer to the other for more", () => {
    const moved = withPgBouncerState(
      withClients(twoServers(), [clientsOf("10.0.0.2", 5)], 0),
      (state) => ({
        ...state,
        window: { ...state.window, addressesHeld: new Map([["10.0.0.2", 5]]) },
      }),
      1,
    );
    expect(settingOf(moved)?.status).toBe("False");
  });

  it("does not take connections that move while the processes are asked in turn for more", () => {
    const moving = withPgBouncerState(
      withClients(twoServers(), [clientsOf("10.0.0.2", 3)]),
      (state) => ({ ...state, window: { ...state.window, addressesHeldMin: new Map() } }),
      1,
    );
    expect(settingOf(moving)?.status).toBe("False");
  });

  it("is not Unknown since nobody but a check is there", () => {
    const checked = withClients(twoServers(), [clientsOf("10.9.9.9", 1, "maintenance")]);
    const idle = withPgBouncerState(checked, (state) => ({
      ...state,
      window: {
        ...state.window,
        addresses: new Map(),
        addressesHeld: new Map(),
        addressesHeldMin: new Map(),
      },
    }));
    expect(settingOf(idle)).toMatchObject({ status: "False", reason: "Followed" });
  });

  it("goes by the pod's own setting, times its processes", () => {
    const old = twoServers((server) => ({
      ...server,
      pods: server.pods.map((pod) => ({ ...pod, poolMax: 8 })),
    }));
    expect(settingOf(withClients(old, [clientsOf("10.0.0.2", 8)], 0))?.status).toBe("False");
    expect(settingOf(withClients(old, [clientsOf("10.0.0.2", 9)], 0))?.status).toBe("True");
  });

  it("counts every process of a pod, and what a Live pool was given since", () => {
    const two = setToFour({ processesPerPod: 2 });
    expect(settingOf(withClients(two, [clientsOf("10.0.0.2", 8)], 0))?.status).toBe("False");
    expect(settingOf(withClients(two, [clientsOf("10.0.0.2", 9)], 0))?.status).toBe("True");
    const live = setToFour({ resize: "Live" });
    expect(settingOf(withClients(live, [clientsOf("10.0.0.2", 5)], 0))?.status).toBe("False");
    expect(settingOf(withClients(live, [clientsOf("10.0.0.2", 6)], 0))?.status).toBe("True");
  });

  it("is True where the template gives another size than the limit", () => {
    const condition = settingOf(
      twoServers((server) => ({
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
    const gone = twoServers(withoutWorkload);
    expect(settingOf(gone)).toMatchObject({ status: "Unknown", reason: "WorkloadNotFound" });
    const unset = twoServers(withoutSetting);
    expect(settingOf(unset)).toMatchObject({ status: "Unknown", reason: "NoPoolSetting" });
  });
});
