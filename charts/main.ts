/**
 * The app of cdk8s.yaml: reads a fleet, plans it, and writes manifests/ in the current folder, and
 * into manifests/operator/ what installs the operator.
 * Nothing is written unless all of it can be.
 *
 *   WEIR_FLEET=FILE           the fleet; default: the example
 *   WEIR_ACTIVE=a,b           all other servers as if Disabled
 *   WEIR_TRYOUT_POSTGRES=1    with a Postgres for trying out, not for data
 *
 * Exit codes: 0 written; 1 the file system failed; 2 bad input; 3 a budget cannot fit.
 */
import { mkdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";

// Before anything large is loaded.
enableCompileCache();
const [
  { readFleet },
  { formatProblem },
  { activeFleet },
  { planFleet },
  { cannotFit },
  { plannedBudgets },
  { tryoutsOf, tryoutRequest },
  { manifestFiles },
  { operatorFile },
  { MARK },
  { ForeignFile, link, replaceFolder },
  { whyUnreadable },
] = await Promise.all([
  import("../src/fleet/readFleet.ts"),
  import("../src/fleet/problem.ts"),
  import("../src/fleet/activeFleet.ts"),
  import("../src/budget/planFleet.ts"),
  import("../src/budget/refusal.ts"),
  import("../src/budget/planFleet.ts"),
  import("../src/render/tryout.ts"),
  import("./manifestFiles.ts"),
  import("./operator.ts"),
  import("../src/render/manifest.ts"),
  import("../src/files/replaceFolder.ts"),
  import("../src/files/whyUnreadable.ts"),
]);

const OUTPUT = "manifests";
const EXAMPLE = "examples/writing-servers/fleet.yaml";

/** Ends the synth with a message for people and an exit code. */
class SynthError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, lines: readonly string[]) {
    super(lines.join("\n"));
    this.exitCode = exitCode;
  }
}

function main(env: Readonly<Record<string, string | undefined>>): void {
  const path = env["WEIR_FLEET"] || EXAMPLE;
  const read = readFleet([{ name: path, text: textOf(path) }]);
  if (!read.ok) throw new SynthError(2, read.problems.map(formatProblem));
  const { fleet, problems: unknown } = activeFleet(read.fleet, env);
  const tryout = tryoutRequest(env);
  const bad = [...unknown, ...tryout.problems];
  if (bad.length > 0) throw new SynthError(2, bad);
  const plan = planFleet(fleet);
  if (!plan.feasible) throw new SynthError(3, [cannotFit(plan)]);

  const planned = plannedBudgets(fleet, plan);
  const { tryouts, problems } = tryout.requested
    ? tryoutsOf(planned)
    : { tryouts: [], problems: [] };
  if (problems.length > 0) throw new SynthError(2, problems);

  const operator = operatorFile();
  const files = allOf(manifestFiles(planned, tryouts), [operator]);
  const written = new Set(replaceFolder(OUTPUT, files, MARK));
  // A fleet that is piped from `cdk8s synth --stdout` into a cluster brings no operator with it.
  written.delete(operator.name);
  if (env["CDK8S_OUTDIR"] !== undefined) show(OUTPUT, written, env["CDK8S_OUTDIR"]);
  warn(plan.warnings);
}

/** One after the other. */
function* allOf<T>(...lists: readonly Iterable<T>[]): Generator<T> {
  for (const list of lists) yield* list;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SynthError(2, [`${path}: ${whyUnreadable(error)}; WEIR_FLEET names the fleet`]);
  }
}

/** Gives cdk8s-cli the files to list (and, with --stdout, to print): in its own output folder. */
function show(folder: string, names: Iterable<string>, outdir: string): void {
  mkdirSync(outdir, { recursive: true });
  if (realpathSync(outdir) === realpathSync(folder)) return;
  for (const name of names) {
    rmSync(join(outdir, name), { force: true });
    link(join(folder, name), join(outdir, name));
  }
}

function warn(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof SynthError) return error.exitCode;
  return error instanceof ForeignFile ? 2 : 1;
}

try {
  main(process.env);
} catch (error) {
  warn([error instanceof Error ? error.message : String(error)]);
  process.exitCode = exitCodeOf(error);
}
