/**
 * The app of cdk8s.yaml: reads a fleet, plans it, and writes manifests/ in the current folder.
 * Nothing is written unless all of it can be.
 *
 *   WEIR_FLEET=FILE           the fleet; default: the example
 *   WEIR_ACTIVE=a,b           all other servers as if Disabled
 *   WEIR_TRYOUT_POSTGRES=1    with a Postgres for trying out, not for data
 *
 * Exit codes: 0 written; 1 the file system failed; 2 bad input; 3 a budget cannot fit.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { enableCompileCache } from "node:module";
import { basename, dirname, join } from "node:path";

// Before anything large is loaded.
enableCompileCache();
const [
  { readFleet },
  { formatProblem },
  { withActive },
  { planFleet },
  { cannotFit },
  { plannedBudgets },
  { tryoutsOf },
  { manifestFiles },
  { MARK },
] = await Promise.all([
  import("../src/api/readFleet.ts"),
  import("../src/api/problem.ts"),
  import("../src/api/fleet.ts"),
  import("../src/budget/planFleet.ts"),
  import("./cannotFit.ts"),
  import("./planned.ts"),
  import("./tryouts.ts"),
  import("./manifestFiles.ts"),
  import("./header.ts"),
]);

const OUTPUT = "manifests";
const EXAMPLE = "examples/writing-servers/fleet.yaml";

/** Ends the synth with a message for people and an exit code. */
class Refusal extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, lines: readonly string[]) {
    super(lines.join("\n"));
    this.exitCode = exitCode;
  }
}

function main(env: Readonly<Record<string, string | undefined>>): void {
  const path = env["WEIR_FLEET"] || EXAMPLE;
  const read = readFleet([{ name: path, text: textOf(path) }]);
  if (!read.ok) throw new Refusal(2, read.problems.map(formatProblem));
  const { fleet, unknown } =
    // Empty is as good as unset, as in a CI job without a value; it puts nobody to sleep.
    env["WEIR_ACTIVE"] === undefined || env["WEIR_ACTIVE"].trim() === ""
      ? { fleet: read.fleet, unknown: [] }
      : withActive(read.fleet, namesIn(env["WEIR_ACTIVE"]));
  if (unknown.length > 0) {
    throw new Refusal(2, [`WEIR_ACTIVE: no server is named ${unknown.join(", ")}`]);
  }
  const plan = planFleet(fleet);
  if (!plan.feasible) throw new Refusal(3, [cannotFit(plan)]);

  const planned = plannedBudgets(fleet, plan);
  const { tryouts, problems } =
    env["WEIR_TRYOUT_POSTGRES"] === "1" ? tryoutsOf(planned) : { tryouts: [], problems: [] };
  if (problems.length > 0) throw new Refusal(2, problems);

  const written = replaceFolder(OUTPUT, manifestFiles(planned, tryouts));
  if (env["CDK8S_OUTDIR"] !== undefined) show(OUTPUT, written, env["CDK8S_OUTDIR"]);
  tell([...read.warnings, ...plan.warnings]);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Refusal(2, [
      `${path}: cannot be read (${codeOf(error)}); WEIR_FLEET names the fleet`,
    ]);
  }
}

function namesIn(list: string): readonly string[] {
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

interface File {
  readonly name: string;
  readonly text: string;
}

/**
 * Makes the folder hold these files, and what lay in it that weir did not write. It is made beside
 * the old one and takes its place as a whole: whoever looks, also after a crash, finds the old or
 * the new, never a mixture. (A crash between the two renames leaves the old one under its other
 * name; the next synth finds it.)
 *
 * @returns the names of the files
 * @throws Refusal when a file that weir did not write has the name of one to be written
 */
function replaceFolder(folder: string, files: Iterable<File>): ReadonlySet<string> {
  // Where it is a link to a folder elsewhere, that one is replaced.
  const target = existsSync(folder) ? realpathSync(folder) : folder;
  const parent = dirname(target);
  const aside = join(parent, `.${basename(target)}-`);
  if (!existsSync(target)) restore(target, parent, `${basename(aside)}old-`);
  removeAbandoned(parent, basename(aside));

  // By our own number, so that two synths at a time don't meet.
  const fresh = `${aside}new-${process.pid}`;
  mkdirSync(fresh);
  try {
    const before = new Set(existsSync(target) ? readdirSync(target) : []);
    const written = new Set<string>();
    for (const file of files) {
      const old = before.has(file.name) ? join(target, file.name) : undefined;
      place(file, old, join(fresh, file.name));
      written.add(file.name);
    }
    for (const name of before) {
      if (!written.has(name)) keepForeign(join(target, name), join(fresh, name));
    }
    swap(target, fresh, aside);
    return written;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Takes back what a synth that was killed between its two renames had put aside. */
function restore(target: string, parent: string, prefix: string): void {
  const [old] = readdirSync(parent).filter((name) => name.startsWith(prefix));
  if (old !== undefined) renameSync(join(parent, old), target);
}

/** Removes what synths that were killed had begun, or had not yet cleared away. */
function removeAbandoned(parent: string, prefix: string): void {
  for (const name of readdirSync(parent)) {
    const [state, pid] = name.startsWith(prefix) ? name.slice(prefix.length).split("-") : [];
    if ((state === "new" || state === "gone") && !isAlive(Number(pid))) {
      rmSync(join(parent, name), { recursive: true, force: true });
    }
  }
}

/** Our own number was another's before us. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function swap(target: string, fresh: string, aside: string): void {
  if (!existsSync(target)) {
    renameSync(fresh, target);
    return;
  }
  const old = `${aside}old-${process.pid}`;
  renameSync(target, old);
  try {
    renameSync(fresh, target);
  } catch (error) {
    renameSync(old, target);
    throw error;
  }
  // By another name, so that a half-deleted folder is never taken for one to restore.
  const gone = `${aside}gone-${process.pid}`;
  renameSync(old, gone);
  rmSync(gone, { recursive: true, force: true });
}

/** Writes a file, or takes over the old one where nothing changed: it keeps its time. */
function place({ text }: File, old: string | undefined, to: string): void {
  const before = old !== undefined && lstatSync(old).isFile() ? readFileSync(old, "utf8") : "";
  if (old === undefined) writeFileSync(to, text);
  else if (before === text) link(old, to);
  else if (before.startsWith(MARK)) writeFileSync(to, text);
  else throw new Refusal(2, [`${old}: weir did not write this file; give it another name`]);
}

function keepForeign(from: string, to: string): void {
  if (!(lstatSync(from).isFile() && isOurs(from))) keep(from, to);
}

function isOurs(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(MARK.length);
    return readSync(file, start) === MARK.length && start.toString() === MARK;
  } finally {
    closeSync(file);
  }
}

/** The same file, folder or link under a second name. */
function keep(from: string, to: string): void {
  const stat = lstatSync(from);
  if (stat.isDirectory()) {
    mkdirSync(to, { mode: stat.mode });
    for (const name of readdirSync(from)) keep(join(from, name), join(to, name));
  } else if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else link(from, to);
}

function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // Not every file system has hard links, and a scratch folder may be on another one.
    if (!["EPERM", "EXDEV", "ENOTSUP", "EMLINK"].includes(codeOf(error))) throw error;
    copyFileSync(from, to);
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

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function tell(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}

try {
  main(process.env);
} catch (error) {
  tell([error instanceof Error ? error.message : String(error)]);
  process.exitCode = error instanceof Refusal ? error.exitCode : 1;
}
