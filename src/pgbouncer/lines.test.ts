import { expect, test } from "vitest";
import { incidentFleet, INCIDENT_NAMES } from "../../test/fleets/fleetOf.ts";
import { planFleet } from "../budget/planFleet.ts";
import { linesOf } from "./lines.ts";

test("a line for each planned server with its grant and slots, and maintenance last", () => {
  const { budgets, servers } = incidentFleet();
  const [asleep, ...awake] = servers;
  if (asleep === undefined) throw new Error("the incident has servers");
  const fleet = {
    budgets,
    servers: [...awake, { ...asleep, spec: { ...asleep.spec, activation: "Disabled" as const } }],
  };
  const [budget] = fleet.budgets;
  const [plan] = planFleet(fleet).budgets;
  if (budget === undefined || plan === undefined) throw new Error("the incident has a budget");

  const lines = linesOf(budget, plan);

  expect(lines.map(({ name }) => name)).toEqual([...INCIDENT_NAMES.slice(1), "maintenance"]);
  expect(lines.slice(0, -1)).toEqual(
    plan.servers.map(({ name, grant, slots }) => ({ name, clients: grant, slots })),
  );
  expect(lines.at(-1)).toEqual({ name: "maintenance", clients: 4, slots: 2 });
  // In PgBouncer 0 would mean unlimited.
  expect(lines.filter(({ clients, slots }) => clients < 1 || slots < 1)).toEqual([]);
});
