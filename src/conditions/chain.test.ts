import { describe, expect, it } from "vitest";
import { AT_MS, observed } from "../../test/operator/snapshotOf.ts";
import { budgetOf } from "../../test/fleets/fleetOf.ts";
import type { Condition } from "../api/kubernetes.ts";
import { runChain } from "./chain.ts";
import { conditionIn, UNCHANGED, type CheckOutcome } from "./condition.ts";
import type { ConditionType, Reason } from "./reasons.ts";

type Success = "True" | "False";

/** What a condition says after an outcome, while windows are too short or long enough. */
function statusAfter(
  type: ConditionType,
  success: Success,
  before: { readonly status: Condition["status"]; readonly reason: Reason } | undefined,
  outcome: CheckOutcome,
  isTooEarly: boolean,
): string | undefined {
  const was = before && {
    type,
    lastTransitionTime: "2026-11-26T12:00:00Z",
    message: "",
    ...before,
  };
  const object = observed(budgetOf(), { status: was === undefined ? {} : { conditions: [was] } });
  const chain = [{ type, success, check: () => outcome }];
  const conditions = runChain(chain, { object, input: undefined, atMs: AT_MS, isTooEarly });
  const now = conditionIn({ conditions }, type);
  return now && `${now.status} ${now.reason}`;
}

/** All reasons of the conditions that read windows, and the reasons that all conditions share. */
const SHARED = [
  { reason: "Unreachable", waits: true },
  { reason: "ProcessesUnseen", waits: true },
  { reason: "NotUnderstood", waits: true },
  { reason: "AddressesHidden", waits: true },
  { reason: "AddressesShared", waits: true },
  { reason: "BudgetNotFound", waits: false },
  { reason: "SumsDisagree", waits: false },
] as const;

const CONDITIONS: readonly {
  readonly type: ConditionType;
  readonly success: Success;
  readonly well: Reason;
  readonly failures: readonly { readonly reason: Reason; readonly waits: boolean }[];
  readonly unknown: readonly { readonly reason: Reason; readonly waits: boolean }[];
}[] = [
  {
    type: "WithinBudget",
    success: "True",
    well: "Within",
    failures: [
      { reason: "ClientsExceedBudget", waits: true },
      { reason: "SlotsExceedBudget", waits: true },
      { reason: "BackendsExceedBudget", waits: true },
    ],
    unknown: SHARED,
  },
  {
    type: "WithinGrant",
    success: "True",
    well: "Within",
    failures: [
      { reason: "ClientsExceedGrant", waits: true },
      { reason: "PodsExceedPeak", waits: false },
      { reason: "WorkloadExceedsPlan", waits: false },
    ],
    unknown: SHARED,
  },
  {
    type: "PoolSettingIgnored",
    success: "False",
    well: "Followed",
    failures: [
      { reason: "MoreThanConfigured", waits: true },
      { reason: "ConfiguredOtherwise", waits: false },
    ],
    unknown: [
      ...SHARED,
      { reason: "WorkloadNotFound", waits: false },
      { reason: "NoPoolSetting", waits: false },
    ],
  },
  {
    type: "ConfigApplied",
    success: "True",
    well: "Applied",
    failures: [{ reason: "Differs", waits: false }],
    unknown: SHARED.map(({ reason }) => ({ reason, waits: false })),
  },
];

describe.each(CONDITIONS)("$type", ({ type, success, well, failures, unknown }) => {
  const failed = success === "True" ? "False" : "True";
  const before = [
    ...failures.map((each) => ({ status: failed, ...each }) as const),
    ...unknown.map((each) => ({ status: "Unknown", ...each }) as const),
    { status: success, reason: well, waits: false } as const,
    undefined,
  ];
  const after = [
    ...failures.map(({ reason }) => ({ status: failed, reason, message: "now" }) as const),
    ...unknown.map(({ reason }) => ({ status: "Unknown", reason, message: "now" }) as const),
    { status: success, reason: well, message: "now" } as const,
  ];

  it.each(before)("after $status $reason: waits for windows: $waits", (was) => {
    for (const outcome of after) {
      const now = `${outcome.status} ${outcome.reason}`;
      const stays = was?.waits === true && outcome.status !== failed;
      expect(statusAfter(type, success, was, outcome, true)).toBe(
        stays ? `${was.status} ${was.reason}` : now,
      );
      expect(statusAfter(type, success, was, outcome, false)).toBe(now);
    }
    const same = was && `${was.status} ${was.reason}`;
    expect(statusAfter(type, success, was, UNCHANGED, true)).toBe(same);
    expect(statusAfter(type, success, was, UNCHANGED, false)).toBe(same);
  });
});
