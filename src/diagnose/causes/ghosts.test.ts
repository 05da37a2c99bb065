import { describe, expect, it } from "vitest";

import {
  clientsOf,
  END_MS,
  poolerOf,
  SECOND_MS,
  systemOf,
  workloadAt,
} from "../../../test/diagnose/liveOf.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { ClientRow } from "../../model/pgbouncer.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import { ghosts, keepaliveMs } from "./ghosts.ts";
import { THRESHOLDS } from "./thresholds.ts";

const POD = "10.244.0.1";
const GONE = "10.244.3.3";
const LIVING = clientsOf(3, { address: POD });
const WORKLOAD = workloadAt([POD]);

const { poolMax: _, poolMaxFrom: __, ...UNSET } = WORKLOAD;

/** Clients that have asked nothing for so long at the end. */
function silent(ms: number, count = 4, told: Partial<ClientRow> = {}) {
  return clientsOf(count, { address: GONE, requestedAtMs: END_MS - ms, ...told });
}

interface GhostsCase {
  readonly what: string;
  readonly clients: readonly ClientRow[];
  readonly workloads?: readonly LiveWorkload[];
  readonly config?: Readonly<Record<string, string>>;
  readonly named: number;
}

function ghostsAmong(
  clients: readonly ClientRow[],
  config: GhostsCase["config"],
  told: Partial<LiveSystem>,
) {
  const found = ghosts(
    systemOf([poolerOf({ clients, ...(config !== undefined && { config }) })], told),
    THRESHOLDS,
  );
  expect(found.findings).toHaveLength(found.clients.size > 0 ? 1 : 0);
  return found.clients.size;
}

const ENOUGH = silent(THRESHOLDS.ghostSilentMs);

describe("an address that no packet reaches", () => {
  it.each<GhostsCase>([
    { what: "silent long enough", clients: ENOUGH, named: 4 },
    { what: "silent for less", clients: silent(THRESHOLDS.ghostSilentMs - 1), named: 0 },
    { what: "beside living ones", clients: [...ENOUGH, ...LIVING], named: 4 },
    {
      what: "another one",
      clients: silent(THRESHOLDS.ghostSilentMs, 4, { address: POD }),
      named: 0,
    },
  ])("$what", ({ clients, named }) => {
    expect(ghostsAmong(clients, {}, { unreachableAddresses: [GONE] })).toBe(named);
  });
});

it("without pods and without a probe nobody is a ghost, however long silent", () => {
  expect(ghostsAmong(silent(1e10), { tcp_keepalive: "0" }, {})).toBe(0);
});

describe("an address that no pod has any more", () => {
  it.each<GhostsCase>([
    { what: "silent long enough", clients: [...ENOUGH, ...LIVING], named: 4 },
    {
      what: "silent for less",
      clients: [...silent(THRESHOLDS.ghostSilentMs - 1), ...LIVING],
      named: 0,
    },
    {
      what: "of a pod of another workload",
      clients: [...ENOUGH, ...LIVING],
      workloads: [WORKLOAD, workloadAt([GONE], { name: "other", line: "other" })],
      named: 0,
    },
    {
      what: "with a login that no workload has",
      clients: [...silent(THRESHOLDS.ghostSilentMs, 4, { user: "somebody" }), ...LIVING],
      named: 0,
    },
    {
      what: "in another network than the pods: a person's machine",
      clients: [...silent(THRESHOLDS.ghostSilentMs, 4, { address: "192.168.0.7" }), ...LIVING],
      named: 0,
    },
    {
      what: "while a running pod is not seen under its own address: somebody translates",
      clients: [...ENOUGH, ...LIVING],
      workloads: [workloadAt([POD, "10.244.0.2"])],
      named: 0,
    },
    {
      what: "on this machine: its addresses are no network",
      clients: [
        ...silent(THRESHOLDS.ghostSilentMs, 4, { address: "127.0.0.3" }),
        ...clientsOf(3, { address: "127.0.0.2" }),
      ],
      workloads: [workloadAt(["127.0.0.2"])],
      named: 0,
    },
    { what: "while none is seen", clients: ENOUGH, named: 0 },
    {
      what: "probed by PgBouncer in the meantime",
      clients: [...ENOUGH, ...LIVING],
      config: { tcp_keepidle: "10", tcp_keepintvl: "5", tcp_keepcnt: "3" },
      named: 0,
    },
    {
      what: "probed by PgBouncer, but not yet to the end",
      clients: [...ENOUGH, ...LIVING],
      config: { tcp_keepidle: "30", tcp_keepintvl: "10", tcp_keepcnt: "3" },
      named: 4,
    },
  ])("$what", ({ clients, workloads = [WORKLOAD], config, named }) => {
    expect(ghostsAmong(clients, config, { workloads })).toBe(named);
  });
});

describe("behind one address for all", () => {
  const long = (howMany: number) => silent(THRESHOLDS.ghostLongSilentMs, howMany);
  const lately = clientsOf(5, { address: GONE, requestedAtMs: END_MS - SECOND_MS });
  it.each<GhostsCase>([
    {
      what: "more than the pods may open, the others within it",
      clients: [...long(1), ...lately],
      named: 1,
    },
    { what: "no more than the pods may open", clients: [...long(1), ...lately.slice(1)], named: 0 },
    {
      what: "those that asked lately are too many by themselves",
      clients: [...long(1), ...clientsOf(6, { address: GONE, requestedAtMs: END_MS })],
      named: 0,
    },
    {
      what: "silent, but not long enough",
      clients: [...silent(THRESHOLDS.ghostLongSilentMs - 1, 1), ...lately],
      named: 0,
    },
    {
      what: "alive, as PgBouncer's keepalive knows",
      clients: [...long(1), ...lately],
      config: { tcp_keepidle: "30", tcp_keepintvl: "10", tcp_keepcnt: "3" },
      named: 0,
    },
    {
      what: "without a known setting",
      clients: [...long(9), ...lately],
      workloads: [UNSET],
      named: 0,
    },
  ])("$what", ({ clients, workloads = [WORKLOAD], config, named }) => {
    expect(ghostsAmong(clients, config, { workloads })).toBe(named);
  });
});

it.each([
  { config: {}, ms: (7200 + 9 * 75) * 1000 },
  { config: { tcp_keepalive: "0" }, ms: Number.POSITIVE_INFINITY },
  { config: { tcp_keepidle: "30", tcp_keepintvl: "10", tcp_keepcnt: "3" }, ms: 60_000 },
  { config: { tcp_keepidle: "30" }, ms: (30 + 9 * 75) * 1000 },
])("keepalive ends a dead client after $ms ms: $config", ({ config, ms }) => {
  expect(keepaliveMs(poolerOf({ config }))).toBe(ms);
});
