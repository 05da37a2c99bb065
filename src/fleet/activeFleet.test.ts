import { expect, it } from "vitest";
import { incidentFleet, INCIDENT_NAMES } from "../../test/fleets/fleetOf.ts";
import { activeFleet } from "./activeFleet.ts";

const FLEET = incidentFleet();

/** The names of those that are awake, or what is wrong. */
function awake(env: Readonly<Record<string, string>>, option?: string): readonly string[] {
  const { fleet, problems } = activeFleet(FLEET, env, option);
  if (problems.length > 0) return problems;
  return fleet.servers
    .filter(({ spec }) => spec.activation !== "Disabled")
    .map(({ metadata }) => metadata.name);
}

it.each([{}, { WEIR_ACTIVE: "" }, { WEIR_ACTIVE: "  " }])("%j puts nobody to sleep", (env) => {
  expect(awake(env)).toEqual(INCIDENT_NAMES);
});

it("leaves those awake that the variable names, or the option, which goes before it", () => {
  expect(awake({ WEIR_ACTIVE: " scene ,,author" })).toEqual(["author", "scene"]);
  expect(awake({ WEIR_ACTIVE: "author" }, "scene")).toEqual(["scene"]);
});

it("refuses a list without a name, and each name that no server has", () => {
  expect(awake({ WEIR_ACTIVE: " , " })).toEqual(["WEIR_ACTIVE: names no server"]);
  expect(awake({}, "")).toEqual(["--active: names no server"]);
  expect(awake({}, "scene,sceen,zebra")).toEqual([
    "--active: no server of the fleet is named sceen; did you mean scene?",
    "--active: no server of the fleet is named zebra",
  ]);
});
