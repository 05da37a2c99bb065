import type { Fleet } from "../api/fleet.ts";
import { activeFleet } from "../fleet/activeFleet.ts";
import { formatProblem } from "../fleet/problem.ts";
import { readFleet } from "../fleet/readFleet.ts";
import { tryoutRequest } from "../render/tryout.ts";
import { EXIT, Failure, type Shell } from "./shell.ts";

/**
 * The fleet of these files, read together; without files that of the file that WEIR_FLEET names.
 * Warnings of reading go to standard error.
 *
 * @throws Failure (bad input) with all problems, each with its place
 */
export function readFleetFiles(paths: readonly string[], shell: Shell): Fleet {
  const sources = chosen(paths, shell).map((path) => ({
    name: path === "-" ? "standard input" : path,
    text: shell.read(path),
  }));
  const read = readFleet(sources);
  if (!read.ok) throw new Failure(EXIT.badInput, read.problems.map(formatProblem).join("\n"));
  for (const warning of read.warnings) shell.err(`${warning}\n`);
  return read.fleet;
}

function chosen(paths: readonly string[], shell: Shell): readonly string[] {
  if (paths.filter((path) => path === "-").length > 1) {
    throw new Failure(EXIT.badInput, "standard input (-) can be read once only");
  }
  if (paths.length > 0) return paths;
  const fleet = shell.env["WEIR_FLEET"];
  if (fleet === undefined || fleet === "") {
    throw new Failure(
      EXIT.badInput,
      "no fleet: name its file (- is standard input), or set WEIR_FLEET",
    );
  }
  return [fleet];
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
  if (problems.length > 0) throw new Failure(EXIT.badInput, problems.join("\n"));
  return awake;
}

/**
 * Whether WEIR_TRYOUT_POSTGRES asks for a Postgres for trying out, read as `cdk8s synth` does.
 *
 * @throws Failure (bad input) for a value that is neither yes nor no
 */
export function tryoutRequested({ env }: Shell): boolean {
  const { requested, problems } = tryoutRequest(env);
  if (problems.length > 0) throw new Failure(EXIT.badInput, problems.join("\n"));
  return requested;
}
