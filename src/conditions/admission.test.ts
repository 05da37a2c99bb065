import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetOf, serverOf } from "../../test/fleets/fleetOf.ts";
import { floorOf, roomOf } from "../budget/sums.ts";
import { admit, type Applicant } from "./admission.ts";

interface ApplicantWish {
  readonly name: string;
  readonly floor: number;
  readonly priority?: number;
  readonly incumbent?: boolean;
  readonly createdS?: number;
  readonly disabled?: boolean;
}

function applicantOf({
  name,
  floor,
  priority = 0,
  incumbent = false,
  createdS = 0,
  disabled = false,
}: ApplicantWish): Applicant {
  return {
    server: serverOf(name, {
      priority,
      activation: disabled ? "Disabled" : "Always",
      rollout: { type: "Recreate" },
      pool: { guaranteed: floor, max: floor },
    }),
    incumbent,
    creationTimestamp: new Date(Date.UTC(2026, 10, 26) + createdS * 1000).toISOString(),
    uid: `uid-${name}`,
  };
}

/** U is 20. */
const BUDGET = budgetOf({ pgbouncer: { maxClientConn: 30 } });

function admittedOf(wishes: readonly ApplicantWish[]): readonly string[] {
  return [...admit(BUDGET, wishes.map(applicantOf))]
    .filter(([, { admitted }]) => admitted)
    .map(([name]) => name)
    .toSorted();
}

describe("whole floors are admitted", () => {
  it.each<[string, ApplicantWish[], string[]]>([
    [
      "all, when all fit",
      [
        { name: "a", floor: 12 },
        { name: "b", floor: 8 },
      ],
      ["a", "b"],
    ],
    [
      "by priority first",
      [
        { name: "a", floor: 12, incumbent: true },
        { name: "b", floor: 12, priority: 1 },
      ],
      ["b"],
    ],
    [
      "then those admitted before",
      [
        { name: "a", floor: 12, createdS: 0 },
        { name: "b", floor: 12, createdS: 9, incumbent: true },
      ],
      ["b"],
    ],
    [
      "then by age",
      [
        { name: "a", floor: 12, createdS: 9 },
        { name: "b", floor: 12, createdS: 0 },
      ],
      ["b"],
    ],
    [
      "then by UID",
      [
        { name: "b", floor: 12 },
        { name: "a", floor: 12 },
      ],
      ["a"],
    ],
    [
      "and a smaller one after one that does not fit",
      [
        { name: "a", floor: 12, createdS: 0 },
        { name: "b", floor: 12, createdS: 1 },
        { name: "c", floor: 8, createdS: 2 },
      ],
      ["a", "c"],
    ],
    ["but none that is Disabled", [{ name: "a", floor: 1, disabled: true }], []],
  ])("%s", (_, wishes, expected) => {
    expect(admittedOf(wishes)).toEqual(expected);
  });

  it("and what is refused says what it needs and what is free", () => {
    const wishes = [
      { name: "a", floor: 13 },
      { name: "b", floor: 12 },
    ].map(applicantOf);
    expect(admit(BUDGET, wishes).get("b")).toEqual({
      admitted: false,
      why: "InsufficientBudget",
      needs: 12,
      free: 7,
    });
  });

  it("as long as there are slots for their lines", () => {
    const budget = budgetOf({ postgres: { maxConnections: 9 } });
    const wishes = ["a", "b"].map((name) => applicantOf({ name, floor: 1 }));
    expect(admit(budget, wishes).get("a")).toEqual({ admitted: true });
    expect(admit(budget, wishes).get("b")).toEqual({
      admitted: false,
      why: "TooManyLines",
      lines: 1,
    });
  });
});

const wishes = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    floor: fc.integer({ min: 1, max: 15 }),
    priority: fc.integer({ min: 0, max: 2 }),
    incumbent: fc.boolean(),
    createdS: fc.integer({ min: 0, max: 3 }),
    disabled: fc.boolean(),
  }),
  { selector: ({ name }) => name },
);

describe("any applicants", () => {
  it("never get more than there is, and one more never fits", () => {
    fc.assert(
      fc.property(wishes, (each) => {
        const applicants = each.map(applicantOf);
        const admissions = admit(BUDGET, applicants);
        const isIn = ({ server }: Applicant) =>
          admissions.get(server.metadata.name)?.admitted === true;
        const taken = applicants.filter(isIn).reduce((sum, { server }) => sum + floorOf(server), 0);
        expect(taken).toBeLessThanOrEqual(roomOf(BUDGET).clients);
        const smallest = applicants
          .filter((one) => !isIn(one) && one.server.spec.activation !== "Disabled")
          .reduce((least, { server }) => Math.min(least, floorOf(server)), Number.MAX_VALUE);
        expect(taken + smallest).toBeGreaterThan(roomOf(BUDGET).clients);
      }),
    );
  });

  it("asked again as incumbents are the same, in any order", () => {
    fc.assert(
      fc.property(wishes, (each) => {
        const first = admit(BUDGET, each.map(applicantOf));
        const again = each.map((wish) =>
          applicantOf({ ...wish, incumbent: first.get(wish.name)?.admitted === true }),
        );
        const second = admit(BUDGET, again.toReversed());
        expect(second).toEqual(first);
      }),
    );
  });

  it("that come later never take the place of one of the same priority", () => {
    fc.assert(
      fc.property(wishes, fc.integer({ min: 1, max: 15 }), (each, floor) => {
        const first = admit(BUDGET, each.map(applicantOf));
        const incumbents = each.map((wish) => ({
          ...wish,
          incumbent: first.get(wish.name)?.admitted === true,
        }));
        const newcomer = { name: "z", floor, priority: 0, createdS: -1 };
        const second = admit(BUDGET, [newcomer, ...incumbents].map(applicantOf));
        const evicted = incumbents.filter(
          ({ name, incumbent }) => incumbent && second.get(name)?.admitted !== true,
        );
        expect(evicted).toEqual([]);
      }),
    );
  });
});
