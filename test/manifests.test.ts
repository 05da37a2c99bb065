import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { manifestFiles } from "../charts/manifestFiles.ts";
import { operatorFile } from "../charts/operator.ts";
import { plannedBudgets, planFleet } from "../src/budget/planFleet.ts";
import { readFleet } from "../src/fleet/readFleet.ts";

const FLEET = "examples/writing-servers/fleet.yaml";
const MANIFESTS = "manifests";

it("manifests/ is what `npm start` writes for the example: run it and commit the difference", () => {
  const read = readFleet([{ name: FLEET, text: readFileSync(FLEET, "utf8") }]);
  expect(read).toMatchObject({ ok: true });
  if (!read.ok) return;
  const files = [
    ...manifestFiles(plannedBudgets(read.fleet, planFleet(read.fleet)), []),
    operatorFile(),
  ];
  const committed = readdirSync(MANIFESTS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => ({ name, text: readFileSync(join(MANIFESTS, name), "utf8") }));
  expect(committed.toSorted(byName)).toEqual(files.toSorted(byName));
});

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
