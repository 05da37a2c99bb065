import type { Fleet } from "../api/fleet.ts";
import { activeFleet } from "../fleet/activeFleet.ts";
import { formatProblem } from "../fleet/problem.ts";
import { readFleet } from "../fleet/readFleet.ts";
import { tryoutRequest } from "../render/tryout.ts";
import { EXIT, Failure, refuse, sourcesOf, type Shell } from "./shell.ts";

/**
 * The fleet of these files, read together; without files that of the file that WEIR_FLEET names.
 *
 * @throws Failure (bad input) with all problems, each with its place
 */
export function readFleetFiles(paths: readonly string[], shell: Shell): Fleet {
  const files = paths.length > 0 ? paths : [shell.env["WEIR_FLEET"] ?? ""];
  if (files[0] === "") refuse(["no fleet: name its file (- is standard input), or set WEIR_FLEET"]);
  const read = readFleet(sourcesOf(files, shell));
  if (!read.ok) throw new Failure(EXIT.badInput, read.problems.map(formatProblem).join("\n"));
  return read.fleet;
}

/**
 * The fleet as `--active`, else WEIR_ACTIVE, has it.
 *
 * @throws Failure (bad input) for a name that no server has
 */
export function activeServers(
  fleet: Fleet,
  { active }: { readonly active?: string },
  { env }: Shell,
): Fleet {
  const { fleet: awake, problems } = activeFleet(fleet, env, active);
  refuse(problems);
  return awake;
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
