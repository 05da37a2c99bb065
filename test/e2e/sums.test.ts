import { describe, expect, it } from "vitest";

import { refusals } from "./expectations.ts";
import { planned, TEN } from "./fleets.ts";
import type { PoolerSeen } from "./programs/poolerSamples.ts";
import { brokenSums } from "./sums.ts";

/** The bounds that the suite holds: each is seen broken, so that none of them is for show. */

const { plan } = planned(TEN);
const PLACE = { plan, poolers: new Map([["writing-pgbouncer-0", "host"]]) };
/** All that may be, of everything. */
const FULL: PoolerSeen = {
  samples: 1,
  clients: plan.clients.usable,
  slots: plan.slots.perProcess,
  open: Object.fromEntries(plan.servers.map(({ name, grant }) => [name, grant])),
  unseen: 0,
  why: undefined,
};

interface SumsCase {
  readonly pooler?: Partial<PoolerSeen>;
  readonly backends?: { readonly samples: number; readonly most: number };
  readonly open?: number;
  /** Samples when the step began. */
  readonly before?: readonly (readonly [string, number])[];
}

function brokenOf({ pooler, backends, open = 5, before = [] }: SumsCase): readonly string[] {
  const poolers = new Map([["writing-pgbouncer-0", { ...FULL, ...pooler }]]);
  const seen = {
    backends: { seen: () => backends ?? { samples: 1, most: plan.slots.postgres } },
    samples: {
      poolers: () => poolers,
      pools: () => new Map([["scene-1", { server: "scene", open, limit: 5 }]]),
    },
  };
  return brokenSums(PLACE, seen, new Map(before));
}

it("all that may be is within the sums", () => {
  expect(brokenOf({})).toEqual([]);
});

describe("one more breaks one, which is named", () => {
  it.each<readonly [string, SumsCase]>([
    ["writing-pgbouncer-0: Σ max(limit, open): 191 > 190", { pooler: { clients: 191 } }],
    ["writing-pgbouncer-0: Σ max(slots, open): 49 > 48", { pooler: { slots: 49 } }],
    [
      "writing-pgbouncer-0: clients of scene: 11 > 10",
      { pooler: { open: { ...FULL.open, scene: 11 } } },
    ],
    ["backends of the role: 98 > 97", { backends: { samples: 1, most: 98 } }],
    ["connections of scene-1: 6 > 5", { open: 6 }],
    ["writing-pgbouncer-0 was not sampled", { pooler: { samples: 0 } }],
    ["writing-pgbouncer-0 was not sampled", { before: [["writing-pgbouncer-0", 1]] }],
    ["Postgres was not sampled", { backends: { samples: 0, most: 0 } }],
    ["Postgres was not sampled", { before: [["Postgres", 1]] }],
  ])("%s", (sentence, broken) => {
    expect(brokenOf(broken)).toEqual([sentence]);
  });
});

describe("a refusal is one in whatever words", () => {
  it.each([
    "no more connections allowed (max_client_conn)",
    "client connections exceeded (max_db_client_connections)",
    "client connections exceeded (max_user_client_connections)",
    "sorry, too many clients already",
    'too many connections for role "writing"',
    "remaining connection slots are reserved for roles with the SUPERUSER attribute",
  ])("%s", (text) => {
    const failure = { at: "", server: "scene", text };
    expect(refusals({ logs: { refusals: () => [] } }, [failure])).toEqual([failure]);
  });

  it("a call that took too long is none", () => {
    const failure = { at: "", server: "scene", text: "no login within 2000 ms" };
    expect(refusals({ logs: { refusals: () => [] } }, [failure])).toEqual([]);
  });
});
