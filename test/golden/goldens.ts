import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../../src/render/manifest.ts";
import { manifestFiles, type ManifestFile } from "../../charts/manifestFiles.ts";
import { plannedBudgets, type PlannedBudget, planFleet } from "../../src/budget/planFleet.ts";
import { tryoutsOf } from "../../src/render/tryout.ts";
import type { Fleet } from "../../src/api/fleet.ts";
import { formatProblem } from "../../src/fleet/problem.ts";
import { readFleet } from "../../src/fleet/readFleet.ts";
import type { Plan } from "../../src/budget/plan.ts";

/** Pairs of a fleet file and the manifests that it becomes: NAME.input.yaml, NAME.output.yaml. */
export const GOLDEN_DIR = import.meta.dirname;

/** A fleet file, and all that follows from it. */
export interface Golden {
  readonly name: string;
  readonly fleet: Fleet;
  readonly plan: Plan;
  readonly planned: readonly PlannedBudget[];
  readonly files: readonly ManifestFile[];
  readonly manifests: readonly Manifest[];
}

/**
 * All of them, by name.
 *
 * @param edited a fleet's text with a change, such as other namespaces
 */
export function goldens(
  edited: (text: string, name: string) => string = (text) => text,
): readonly Golden[] {
  return readdirSync(GOLDEN_DIR)
    .filter((file) => file.endsWith(".input.yaml"))
    .toSorted()
    .map((file) => {
      const name = file.replace(".input.yaml", "");
      const text = readFileSync(join(GOLDEN_DIR, file), "utf8");
      return goldenOf(name, fleetOf(file, edited(text, name)));
    });
}

/** The fleet named `tryout`, and no other, gets a Postgres for trying out. */
export function goldenOf(name: string, fleet: Fleet): Golden {
  const plan = planFleet(fleet);
  const planned = plannedBudgets(fleet, plan);
  const tryouts = name === "tryout" ? tryoutsOf(planned).tryouts : [];
  const files = [...manifestFiles(planned, tryouts)];
  return { name, fleet, plan, planned, files, manifests: files.flatMap(manifestsIn) };
}

/** What is read from a file's text: not what was put in. */
export function manifestsIn({ text }: ManifestFile): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => document.toJS() ?? []);
}

function fleetOf(name: string, text: string): Fleet {
  const read = readFleet([{ name, text }]);
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.fleet;
}
