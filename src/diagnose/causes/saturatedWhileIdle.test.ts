import { describe, expect, it } from "vitest";

import {
  clientsOf,
  poolerOf,
  type ShownProcess,
  systemOf,
  workloadAt,
} from "../../../test/diagnose/liveOf.ts";
import { saturatedWhileIdle } from "./saturatedWhileIdle.ts";

const IDLE = clientsOf(20);
const BUSY = clientsOf(20, { serverId: "s1", state: "active" });

function said(shown: ShownProcess, workloads = [workloadAt(["10.244.0.1"])]): readonly string[] {
  return saturatedWhileIdle(systemOf([poolerOf(shown)], { workloads })).map(
    ({ summary }) => summary,
  );
}

describe("a process (20 places, one of them weir's console)", () => {
  it.each<{ what: string; shown: ShownProcess; named: boolean }>([
    { what: "19 idle clients", shown: { clients: IDLE.slice(1) }, named: true },
    {
      what: "18: the next login gets in, the one after it doesn't",
      shown: { clients: IDLE.slice(2) },
      named: true,
    },
    { what: "17: room for two", shown: { clients: IDLE.slice(3) }, named: false },
    { what: "all of 19 at work", shown: { clients: BUSY.slice(1) }, named: false },
    {
      what: "10 idle and 9 at work",
      shown: { clients: [...IDLE.slice(10), ...BUSY.slice(11)] },
      named: true,
    },
    {
      what: "as many idle as at work",
      shown: { clients: [...IDLE.slice(10), ...BUSY.slice(10)] },
      named: false,
    },
    {
      what: "idle in all samples but one",
      shown: {
        clients: (sample) => (sample === 2 ? IDLE.map((one) => ({ ...one, serverId: "s" })) : IDLE),
      },
      named: false,
    },
    {
      what: "full in all samples but one",
      shown: { clients: (sample) => (sample === 2 ? IDLE.slice(5) : IDLE) },
      named: false,
    },
    { what: "a queue all the time", shown: { clients: IDLE, waiting: () => 3 }, named: false },
    {
      what: "a queue all the time, of another line than those who are idle",
      shown: {
        clients: IDLE.map((client) => ({ ...client, line: "other", user: "other" })),
        waiting: () => 3,
      },
      named: true,
    },
    {
      what: "a queue now and then",
      shown: { clients: IDLE, waiting: (sample) => sample % 2 },
      named: true,
    },
    {
      what: "full only with those that log in",
      shown: { clients: IDLE.slice(5), sample: () => ({ usedClients: 20, loggingIn: 5 }) },
      named: false,
    },
  ])("$what", ({ shown, named }) => {
    expect(said(shown)).toHaveLength(named ? 1 : 0);
  });

  it("says the sum", () => {
    expect(said({ clients: IDLE })).toEqual([
      "PgBouncer 10.244.9.9:6432 is full (21 of max_client_conn 20 are used), while 20 of its 20 clients did nothing all the time",
    ]);
  });
});

it("of ten groups of holders eight are reported, and how many are not", () => {
  const clients = IDLE.map((one, index) => ({ ...one, applicationName: `server-${index % 10}` }));
  const found = saturatedWhileIdle(systemOf([poolerOf({ clients })]));
  const evidence = found.flatMap((finding) => finding.evidence);
  expect(evidence.filter((fact) => fact.startsWith("2 idle clients: "))).toHaveLength(8);
  expect(evidence).toContain("and 2 more like these");
});

describe("a line at its limit of 4, all idle", () => {
  const shown = { clients: IDLE.slice(16), line: { maxClientConnections: 4 } };
  const pods = workloadAt(["10.244.0.1", "10.244.0.2"]);
  const [first, second] = pods.pods;
  const with2nd = (told: object) => [
    {
      ...pods,
      pods: [first, second].flatMap((pod, index) =>
        pod === undefined ? [] : [{ ...pod, ...(index === 1 && told) }],
      ),
    },
  ];

  it.each([
    { what: "as its plan has it", workloads: [workloadAt(["10.244.0.1"])], named: false },
    { what: "with another pod that is ready without it", workloads: with2nd({}), named: false },
    {
      what: "with another pod that can't get ready",
      workloads: with2nd({ ready: false }),
      named: true,
    },
    {
      what: "with another pod that ends",
      workloads: with2nd({ ready: false, terminating: true }),
      named: false,
    },
    {
      what: "with another pod without an address yet",
      workloads: with2nd({ ready: false, address: undefined }),
      named: false,
    },
    {
      what: "with no pod seen under its own address",
      workloads: [
        workloadAt(["10.1.0.1"], {
          pods: [{ name: "a", address: "10.1.0.1", ready: false, terminating: false }],
        }),
      ],
      named: false,
    },
  ])("$what", ({ workloads, named }) => {
    expect(said(shown, workloads)).toHaveLength(named ? 1 : 0);
  });
});
