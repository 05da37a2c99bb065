import { Command } from "commander";
import type { Fleet } from "../api/fleet.ts";
import { planFleet } from "../budget/planFleet.ts";
import type { Planned } from "../budget/transition/fleetState.ts";
import { activeFleet, activeNamesIn } from "../fleet/activeFleet.ts";
import { formatProblem } from "../fleet/problem.ts";
import { readFleet } from "../fleet/readFleet.ts";
import { tryoutRequest } from "../render/tryout.ts";
import { shellWord } from "../text/quoting.ts";
import { badInput, refuse, sourcesOf, type Shell } from "./shell.ts";

/** A command about a fleet. */
export function fleetCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument("[fleet...]", "fleet files; - is standard input; without any: WEIR_FLEET");
}

/** `--active`, which planFleetFiles reads. */
export const ACTIVE_OPTION = [
  "--active <names>",
  "all servers but these (a,b) as if Disabled",
] as const;

/**
 * The fleet of these files, read together; without files that of the file that WEIR_FLEET names.
 *
 * @throws Failure (bad input) with all problems, each with its place
 */
export function readFleetFiles(paths: readonly string[], shell: Shell): Fleet {
  const files = filesOf(paths, shell);
  if (files[0] === "") {
    throw badInput("no fleet: name its file (- is standard input), or set WEIR_FLEET");
  }
  const read = readFleet(sourcesOf(files, shell));
  if (!read.ok) throw badInput(read.problems.map(formatProblem).join("\n"));
  return read.fleet;
}

/**
 * The fleet of these files as `--active`, else WEIR_ACTIVE, has it, and its plan, which need not be
 * feasible.
 *
 * @throws Failure (bad input) as readFleetFiles, and for a name that no server has
 */
export function planFleetFiles(
  paths: readonly string[],
  { active }: { readonly active?: string },
  shell: Shell,
): Planned {
  const { fleet, problems } = activeFleet(readFleetFiles(paths, shell), shell.env, active);
  refuse(problems);
  return { fleet, plan: planFleet(fleet) };
}

function filesOf(paths: readonly string[], { env }: Shell): readonly string[] {
  return paths.length > 0 ? paths : [env["WEIR_FLEET"] ?? ""];
}

/** Prints the plan that planFleetFiles makes of the same, as data. */
export function planAsDataCommand(
  paths: readonly string[],
  { active }: { readonly active?: string },
  shell: Shell,
): string {
  const names = active ?? activeNamesIn(shell.env);
  return [
    "npx weir plan --output yaml",
    ...(names === undefined ? [] : ["--active", shellWord(names)]),
    ...filesOf(paths, shell).map(shellWord),
  ].join(" ");
}

/**
 * Whether WEIR_TRYOUT_POSTGRES asks for a Postgres for trying out, read as `cdk8s synth` does.
 *
 * @throws Failure (bad input) for a value that is neither yes nor no
 */
export function tryoutRequested({ env }: Shell): boolean {
  const { requested, problems } = tryoutRequest(env);
  refuse(problems);
  return requested;
}
