import { pino } from "pino";
import { expect, test } from "vitest";
import { logOnChange, type Problems } from "./logOnChange.ts";

/** What is logged of these looks, one after another. */
function toldOf(looks: readonly Problems[]): readonly string[] {
  const lines: string[] = [];
  const tell = logOnChange(pino({ base: null }, { write: (line) => lines.push(line) }));
  for (const look of looks) tell(look);
  return lines.map((line) => {
    const { about, msg }: Record<string, string> = JSON.parse(line);
    return `${about}: ${msg}`;
  });
}

const GONE = "can't reach https://10.0.0.1:6443";

test("what is wrong with several in the same words is reported once", () => {
  const all = new Map([
    ["pods", GONE],
    ["services", GONE],
    ["deployments", "forbidden"],
  ]);
  expect(toldOf([all, all])).toEqual([`pods, services: ${GONE}`, "deployments: forbidden"]);
});

test("one that joins in later says nothing new", () => {
  const looks = [
    new Map([
      ["pods", GONE],
      ["services", undefined],
    ]),
    new Map([
      ["pods", GONE],
      ["services", GONE],
    ]),
  ];
  expect(toldOf(looks)).toEqual([`pods: ${GONE}`]);
});

test("what is well again is reported, and what is wrong anew or otherwise", () => {
  const looks = [GONE, undefined, GONE, "forbidden", undefined].map(
    (complaint) => new Map([["pods", complaint]]),
  );
  expect(toldOf(looks)).toEqual([
    `pods: ${GONE}`,
    "pods: is well again",
    `pods: ${GONE}`,
    "pods: forbidden",
    "pods: is well again",
  ]);
});
