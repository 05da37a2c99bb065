import { expect, it } from "vitest";

import { clientOf, systemOf, workloadAt } from "../../../test/diagnose/liveOf.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import { networkOf, ownersIn } from "./owners.ts";

const POD = "10.244.0.1";
const NODE = "192.168.0.1";

const ALONE = workloadAt([POD]);
const OTHER_LINE = workloadAt([POD], { line: "other", user: "other" });
/** Two pods of one workload on the host's network. */
const ON_HOST = workloadAt([NODE, NODE]);
const ON_HOST_TOO = workloadAt([NODE], {
  name: "Deployment writing/too",
  pods: [{ name: "too-0", address: NODE, ready: true, terminating: false }],
});
const { line: _, user: __, ...NO_LOGIN } = ALONE;

interface OwnersCase {
  readonly what: string;
  readonly workloads: readonly LiveWorkload[];
  readonly address: string;
  readonly line?: string;
  /** `-`: nobody's. */
  readonly of: string;
  readonly nearest: string;
}

it.each<OwnersCase>([
  {
    what: "a pod's own line",
    workloads: [ALONE],
    address: POD,
    of: "app app-0",
    nearest: "app app-0",
  },
  {
    what: "a pod on another line",
    workloads: [ALONE],
    address: POD,
    line: "x",
    of: "-",
    nearest: "app app-0",
  },
  {
    what: "the second line of a pod",
    workloads: [ALONE, OTHER_LINE],
    address: POD,
    line: "other",
    of: "app app-0",
    nearest: "app app-0",
  },
  {
    what: "a pod that nothing tells the login of",
    workloads: [NO_LOGIN],
    address: POD,
    of: "app app-0",
    nearest: "app app-0",
  },
  {
    what: "a pod whose pools can't be told apart",
    workloads: [ALONE, NO_LOGIN],
    address: POD,
    of: "-",
    nearest: "app app-0",
  },
  {
    what: "a login from nowhere known",
    workloads: [ALONE],
    address: NODE,
    of: "app",
    nearest: "app",
  },
  {
    what: "another login from there",
    workloads: [ALONE],
    address: NODE,
    line: "x",
    of: "-",
    nearest: "-",
  },
  {
    what: "a login that two have",
    workloads: [ALONE, ON_HOST_TOO],
    address: "10.244.0.9",
    of: "-",
    nearest: "-",
  },
  {
    what: "two pods at one address",
    workloads: [ON_HOST],
    address: NODE,
    of: "app",
    nearest: "app",
  },
  {
    what: "pods of two workloads at one address",
    workloads: [ON_HOST, ON_HOST_TOO],
    address: NODE,
    of: "-",
    nearest: "-",
  },
])("$what: $of", ({ workloads, address, line = "app", of, nearest }) => {
  const owners = ownersIn(systemOf([], { workloads }));
  const client = clientOf({ address, line, user: line });
  const told = [owners.of(client), owners.nearest(client)].map((owner) =>
    owner === undefined
      ? "-"
      : [owner.workload.name.replace(/.*\//, ""), owner.pod].filter(Boolean).join(" "),
  );
  expect(told).toEqual([of, nearest]);
});

it.each([
  ["10.244.3.7", "10.244"],
  ["192.168.0.1", "192.168"],
  ["127.0.0.1", undefined],
  ["unix", undefined],
  ["", undefined],
  ["::1", undefined],
  ["fd00:10:244:1::5", "fd00:10:244"],
  ["fd00:10::5", "fd00:10:0"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1"],
])("%s lies in %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
