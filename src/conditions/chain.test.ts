import { describe, expect, it } from "vitest";
import { AT_MS, observed } from "../../test/operator/snapshotOf.ts";
import { budgetOf } from "../../test/fleets/fleetOf.ts";
import type { Condition } from "../api/kubernetes.ts";
import { runChain } from "./chain.ts";
import { conditionIn, UNCHANGED, type CheckOutcome } from "./condition.ts";
import type { ConditionType, Reason } from "./reasons.ts";

type Success = "True" | "False";

/** A condition before, or what its check says now. */
interface Said {
  readonly status: Condition["status"];
  readonly reason: Reason;
  readonly message: string;
}

function said(status: Condition["status"], reason: Reason): Said {
  return { status, reason, message: "" };
}

/** What a condition says after each of these outcomes, while windows are too short or long enough. */
function saidAfter(
  type: ConditionType,
  success: Success,
  first: Said | undefined,
  outcomes: readonly CheckOutcome[],
  isTooEarly: boolean,
): string | undefined {
  const lastTransitionTime = "2026-11-26T12:00:00Z";
  let before: Condition | undefined = first && { type, lastTransitionTime, ...first };
  for (const outcome of outcomes) {
    const status = before === undefined ? {} : { conditions: [before] };
    const object = observed(budgetOf(), { status });
    const chain = [{ type, success, check: () => outcome }];
    const conditions = runChain(chain, { object, input: undefined, atMs: AT_MS, isTooEarly });
    before = conditionIn({ conditions }, type);
  }
  return before && `${before.status} ${before.reason}`;
}

/** Reasons that all conditions share. */
const SHARED = [
  "Unreachable",
  "ProcessesUnseen",
  "NotUnderstood",
  "AddressesHidden",
  "AddressesShared",
  "BudgetNotFound",
  "SumsDisagree",
] as const;

const CONDITIONS: readonly {
  readonly type: ConditionType;
  readonly success: Success;
  readonly well: Reason;
  /** Absent: no windows decide it. */
  readonly inWindows?: readonly Reason[];
  readonly otherFailures: readonly Reason[];
  readonly unknown: readonly Reason[];
}[] = [
  {
    type: "WithinBudget",
    success: "True",
    well: "Within",
    inWindows: ["ClientsExceedBudget", "SlotsExceedBudget", "BackendsExceedBudget"],
    otherFailures: [],
    unknown: SHARED,
  },
  {
    type: "WithinGrant",
    success: "True",
    well: "Within",
    inWindows: ["ClientsExceedGrant"],
    otherFailures: ["PodsExceedPeak", "WorkloadExceedsPlan"],
    unknown: SHARED,
  },
  {
    type: "PoolSettingIgnored",
    success: "False",
    well: "Followed",
    inWindows: ["MoreThanConfigured"],
    otherFailures: ["ConfiguredOtherwise"],
    unknown: [...SHARED, "WorkloadNotFound", "NoPoolSetting"],
  },
  {
    type: "ConfigApplied",
    success: "True",
    well: "Applied",
    otherFailures: ["Differs"],
    unknown: SHARED,
  },
];

describe.each(CONDITIONS)("$type", ({ type, success, well, inWindows, otherFailures, unknown }) => {
  const failed = success === "True" ? "False" : "True";
  const results: readonly Said[] = [
    ...[...(inWindows ?? []), ...otherFailures].map((reason) => said(failed, reason)),
    ...unknown.map((reason) => said("Unknown", reason)),
    said(success, well),
  ];
  const fits = said(success, well);

  it.each([...results, undefined])("one step after $status $reason", (was) => {
    for (const outcome of results) {
      const now = `${outcome.status} ${outcome.reason}`;
      const returns = outcome.status === success && was !== undefined && was.status !== success;
      const hides = outcome.status === "Unknown" && inWindows?.includes(was?.reason ?? "Within");
      const waits = inWindows !== undefined && (returns || hides === true);
      expect(saidAfter(type, success, was, [outcome], true)).toBe(
        waits ? `${was?.status} ${was?.reason}` : now,
      );
      expect(saidAfter(type, success, was, [outcome], false)).toBe(now);
    }
    const same = was && `${was.status} ${was.reason}`;
    expect(saidAfter(type, success, was, [UNCHANGED], true)).toBe(same);
    expect(saidAfter(type, success, was, [UNCHANGED], false)).toBe(same);
  });

  it.each(results)("two and three steps after $status $reason, the last to success", (was) => {
    const paths = [
      ...results.map((a) => [a]),
      ...results.flatMap((a) => results.map((b) => [a, b])),
    ];
    for (const path of paths) {
      const isFree =
        inWindows === undefined || [was, ...path].every(({ status }) => status === success);
      const last = saidAfter(type, success, was, [...path, fits], true);
      expect(last?.startsWith(`${success} `)).toBe(isFree);
      expect(saidAfter(type, success, was, [...path, fits], false)).toBe(`${success} ${well}`);
    }
  });
});

describe("what windows showed is not over because something else was said in between", () => {
  const undecided = said("Unknown", "SumsDisagree");

  it.each([
    {
      type: "WithinGrant",
      success: "True",
      path: [
        said("False", "ClientsExceedGrant"),
        said("False", "PodsExceedPeak"),
        said("True", "Within"),
      ],
      last: "False PodsExceedPeak",
    },
    {
      type: "WithinGrant",
      success: "True",
      path: [
        said("False", "ClientsExceedGrant"),
        said("False", "PodsExceedPeak"),
        undecided,
        said("True", "Within"),
      ],
      last: "Unknown SumsDisagree",
    },
    {
      type: "WithinGrant",
      success: "True",
      path: [said("False", "ClientsExceedGrant"), undecided, said("True", "Within")],
      last: "False ClientsExceedGrant",
    },
    {
      type: "PoolSettingIgnored",
      success: "False",
      path: [
        said("True", "MoreThanConfigured"),
        said("True", "ConfiguredOtherwise"),
        said("False", "Followed"),
      ],
      last: "True ConfiguredOtherwise",
    },
  ] as const)("$type, in the end $last", ({ type, success, path, last }) => {
    expect(saidAfter(type, success, undefined, path, true)).toBe(last);
  });
});
