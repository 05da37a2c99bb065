import { describe, expect, it } from "vitest";

import { clientsOf, poolerOf, systemOf, workloadAt } from "../../../test/diagnose/liveOf.ts";
import type { ClientRow, LivePgBouncer } from "../../model/pgbouncer.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import type { CauseFinding } from "./finding.ts";
import { serverAbovePlan } from "./serverAbovePlan.ts";
import { poolSettingIgnored } from "./poolSettingIgnored.ts";
import { workloadClients } from "./workloadClients.ts";

const [A, B, C] = ["10.244.0.1", "10.244.0.2", "10.244.0.3"] as const;
const NAT = "192.168.0.1";

function from(address: string, count: number, told: Partial<ClientRow> = {}) {
  return clientsOf(count, { address, ...told });
}

/** PoolSettingIgnored (I) and ServerAbovePlan (P), in this order; pools are 5, peak pods 2. */
function named(
  clients: readonly ClientRow[],
  workloads: readonly LiveWorkload[],
  ghosts: readonly ClientRow[] = [],
): string {
  const live = systemOf([poolerOf({ clients, config: { max_client_conn: "100" } })], { workloads });
  return workloadClients(live, new Set(ghosts))
    .flatMap((own) => [...poolSettingIgnored(own), ...serverAbovePlan(own)])
    .map(({ kind }) => (kind === "PoolSettingIgnored" ? "I" : "P"))
    .join("");
}

/** What is found of pools of 5 of two pods. */
function ignored(poolers: readonly LivePgBouncer[]): readonly CauseFinding[] {
  const live = systemOf(poolers, { workloads: TWO });
  return workloadClients(live, new Set()).flatMap(poolSettingIgnored);
}

const TWO = [workloadAt([A, B], { peakPods: 2 })];
const THREE = [workloadAt([A, B, C], { peakPods: 2 })];

describe("by the pods' addresses", () => {
  it.each([
    { what: "all full", clients: [...from(A, 5), ...from(B, 5)], workloads: TWO, names: "" },
    {
      what: "one too many in one pod",
      clients: [...from(A, 6), ...from(B, 1)],
      workloads: TWO,
      names: "I",
    },
    {
      what: "far too many in one: one fact, one name",
      clients: [...from(A, 60), ...from(B, 5)],
      workloads: TWO,
      names: "I",
    },
    {
      what: "a third pod, with one",
      clients: [...from(A, 5), ...from(B, 1), ...from(C, 1)],
      workloads: THREE,
      names: "P",
    },
    {
      what: "a third pod, without any",
      clients: [...from(A, 5), ...from(B, 5)],
      workloads: THREE,
      names: "",
    },
    {
      what: "a third pod, and one too many in another",
      clients: [...from(A, 6), ...from(B, 5), ...from(C, 5)],
      workloads: THREE,
      names: "IP",
    },
    {
      what: "somebody else with its login, within the plan",
      clients: [...from(A, 5), ...from(NAT, 5)],
      workloads: TWO,
      names: "",
    },
    {
      what: "somebody else with its login, above it",
      clients: [...from(A, 5), ...from(NAT, 6)],
      workloads: TWO,
      names: "P",
    },
    {
      what: "a pod with another line too",
      clients: [...from(A, 5), ...from(A, 3, { line: "maintenance", user: "maintenance" })],
      workloads: TWO,
      names: "",
    },
    {
      what: "full on its own line, and as full on another one, as the operator says",
      clients: [...from(A, 5), ...from(A, 5, { line: "other", user: "other" })],
      workloads: TWO,
      names: "I",
    },
    {
      what: "the line of another workload takes none of what its own pods hold",
      clients: [
        ...from(A, 5),
        ...from(B, 5, { line: "other", user: "other" }),
        ...from(C, 1, { line: "other", user: "other" }),
      ],
      workloads: [
        workloadAt([A, B], { peakPods: 2 }),
        workloadAt([C], {
          name: "other",
          line: "other",
          user: "other",
          peakPods: 1,
          pods: [{ name: "other-0", address: C, ready: true, terminating: false }],
        }),
      ],
      names: "",
    },
    {
      what: "a pool for each of two lines, both full",
      clients: [...from(A, 5), ...from(A, 5, { line: "other", user: "other" })],
      workloads: [
        workloadAt([A], { peakPods: 1 }),
        workloadAt([A], { peakPods: 1, line: "other", user: "other" }),
      ],
      names: "",
    },
    {
      what: "a third pod, on another line alone",
      clients: [...from(A, 5), ...from(B, 5), ...from(C, 5, { line: "other", user: "other" })],
      workloads: THREE,
      names: "",
    },
    {
      what: "two processes a pod",
      clients: from(A, 10),
      workloads: [workloadAt([A], { processesPerPod: 2, peakPods: 1 })],
      names: "",
    },
    {
      what: "nothing tells its setting",
      clients: from(A, 50),
      workloads: [
        {
          name: "x",
          line: "app",
          processesPerPod: 1,
          replicas: 1,
          pods: [{ name: "a", address: A, ready: true, terminating: false }],
        },
      ],
      names: "",
    },
    {
      what: "nothing tells its setting, but its pods",
      clients: [...from(A, 1), ...from(B, 1)],
      workloads: [
        {
          name: "x",
          line: "app",
          processesPerPod: 1,
          replicas: 2,
          peakPods: 1,
          pods: workloadAt([A, B]).pods,
        },
      ],
      names: "P",
    },
    {
      what: "several pods on the host's own address, and no line of their own",
      clients: from(A, 9),
      workloads: [
        workloadAt([A], { name: "one" }),
        workloadAt([A], {
          name: "two",
          pods: [{ name: "b", address: A, ready: true, terminating: false }],
        }),
      ],
      names: "",
    },
    {
      what: "two pools of one pod on one line",
      clients: from(A, 10),
      workloads: [workloadAt([A]), workloadAt([A])],
      names: "",
    },
    {
      what: "two pools of one pod on one line, and one more",
      clients: from(A, 11),
      workloads: [workloadAt([A]), workloadAt([A])],
      names: "I",
    },
  ])("$what: $names", ({ clients, workloads, names }) => {
    expect(named(clients, workloads)).toBe(names);
  });

  it("ghosts are not counted", () => {
    const ghosts = from(C, 9);
    expect(named([...from(A, 5), ...ghosts], TWO)).toBe("P");
    expect(named([...from(A, 5), ...ghosts], TWO, ghosts)).toBe("");
  });

  it("a pool that replaces its connections may have one more in any sample", () => {
    const kept = from(A, 4);
    const churning = (sample: number) => [...kept, ...from(A, sample % 2 === 0 ? 1 : 2)];
    expect(ignored([poolerOf({ clients: churning })])).toEqual([]);
  });

  it("a pod that held too many in two samples in a row on one process ignores its setting, as the operator says", () => {
    const kept = from(A, 5);
    const clients = (sample: number) =>
      sample === 1 || sample === 2 ? [...kept, ...from(A, 4 + sample)] : kept;
    const [finding, ...others] = ignored([poolerOf({ clients })]);
    expect(finding).toMatchObject({
      summary: "Deployment writing/app holds 10 connections from app-0, where its setting allows 5",
      evidence: expect.arrayContaining(["app-0: 10 clients in two samples in a row, 5 allowed"]),
    });
    // No place would be free for long without them.
    expect(finding).toMatchObject({ share: 0, frees: [{ clients: 0 }] });
    expect(others).toEqual([]);
  });

  it("those that wait may be given up by their pool, and are not counted", () => {
    const waiting = from(A, 5, { state: "waiting", waitMs: 5 });
    expect(ignored([poolerOf({ clients: [...from(A, 5), ...waiting] })])).toEqual([]);
  });

  it("counted are the clients of all poolers together, if they were there in every sample", () => {
    const poolers = ["one", "two"].map((address) => poolerOf({ address, clients: from(A, 3) }));
    expect(ignored(poolers).map(({ summary }) => summary)).toEqual([
      "Deployment writing/app holds 6 connections from app-0, where its setting allows 5",
    ]);
    // A pool moved its connections from one process to the other.
    const moving = ["one", "two"].map((address, index) =>
      poolerOf({ address, clients: (sample) => (sample % 2 === index ? from(A, 5) : []) }),
    );
    expect(ignored(moving)).toEqual([]);
  });
});

/** If each sample were counted by going through all samples, the test would take more than its time. */
it("the clients of 20,000 samples are counted sample by sample", () => {
  const pooler = poolerOf({ clients: from(A, 10), config: { max_client_conn: "100" } });
  const samples = Array.from({ length: 20_000 }, () => pooler.samples)
    .flat()
    .slice(0, 20_000);
  const live = systemOf([{ ...pooler, samples }], { workloads: TWO });
  const [app] = workloadClients(live, new Set());
  expect(app).toMatchObject({
    held: 10,
    byPod: new Map([
      ["app-0", { held: 10 }],
      ["app-1", { held: 0 }],
    ]),
  });
});

describe("from the pods' network, but from no pod: they are gone, or not known", () => {
  it.each([
    {
      what: "nobody ignores anything",
      clients: from(C, 10),
      workloads: [workloadAt([A], { peakPods: 2 })],
      names: "",
    },
    { what: "but they are above the plan", clients: from(C, 11), workloads: TWO, names: "P" },
  ])("$what: $names", ({ clients, workloads, names }) => {
    expect(named(clients, workloads)).toBe(names);
  });

  it("also when none of them is there in two samples", () => {
    expect(ignored([poolerOf({ clients: () => from(C, 11) })])).toEqual([]);
  });
});

describe("behind one address for all", () => {
  it.each([
    { what: "as many as all pods may open", clients: from(NAT, 10), workloads: TWO, names: "" },
    { what: "one more", clients: from(NAT, 11), workloads: TWO, names: "I" },
    {
      what: "within what more pods than planned may open",
      clients: from(NAT, 15),
      workloads: THREE,
      names: "P",
    },
    { what: "more than these", clients: from(NAT, 16), workloads: THREE, names: "IP" },
    {
      what: "no pod known, within the plan",
      clients: from(NAT, 10),
      workloads: [workloadAt([], { peakPods: 2 })],
      names: "",
    },
    {
      what: "no pod known, above it",
      clients: from(NAT, 11),
      workloads: [workloadAt([], { peakPods: 2 })],
      names: "P",
    },
    {
      what: "of two workloads with the same login: nobody knows whose",
      clients: from(NAT, 90),
      workloads: [
        workloadAt([A], { name: "one", peakPods: 1 }),
        workloadAt([B], { name: "two", peakPods: 1 }),
      ],
      names: "",
    },
  ])("$what: $names", ({ clients, workloads, names }) => {
    expect(named(clients, workloads)).toBe(names);
  });
});

describe("the pods of one above its plan", () => {
  it.each([
    { terminating: 0, fact: "3 pods of it exist; most that the plan counts: 2" },
    {
      terminating: 1,
      fact: "3 pods of it exist, 1 of them terminating; most that the plan counts: 2",
    },
  ])("are told, and the $terminating of them that terminate", ({ terminating, fact }) => {
    const [three] = THREE;
    const pods = (three?.pods ?? []).map((pod, index) => ({
      ...pod,
      terminating: index < terminating,
    }));
    const clients = [...from(A, 5), ...from(B, 5), ...from(C, 5)];
    const live = systemOf([poolerOf({ clients, config: { max_client_conn: "100" } })], {
      workloads: [workloadAt([A, B, C], { peakPods: 2, pods })],
    });
    const [finding] = workloadClients(live, new Set()).flatMap(serverAbovePlan);
    expect(finding?.evidence).toContain(fact);
  });
});
