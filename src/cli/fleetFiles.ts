import { withActive, type Fleet } from "../api/fleet.ts";
import { didYouMean } from "../text/didYouMean.ts";
import { formatProblem } from "../fleet/problem.ts";
import { readFleet } from "../fleet/readFleet.ts";
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
 * The fleet with all servers but those of the list as if Disabled; `from` is where the list was
 * given, for the message.
 *
 * @throws Failure (bad input) for a name that no server has, with the one that may be meant
 */
export function activeOnly(fleet: Fleet, list: string, from: string): Fleet {
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) throw new Failure(EXIT.badInput, `${from}: names no server`);
  const active = withActive(fleet, names);
  const [unknown] = active.unknown;
  if (unknown === undefined) return active.fleet;
  const meant = didYouMean(
    unknown,
    fleet.servers.map(({ metadata }) => metadata.name),
  );
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  throw new Failure(EXIT.badInput, `${from}: no server of the fleet is named ${unknown}${hint}`);
}
