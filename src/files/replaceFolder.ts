import {
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
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
import { basename, dirname, join } from "node:path";

/** A file that weir did not write stands where one is to be written. */
export class ForeignFile extends Error {
  constructor(path: string) {
    super(`${path}: weir did not write this file; give it another name`);
    this.name = "ForeignFile";
  }
}

/** A file to be written into a folder. */
interface NewFile {
  /** May lead into a folder below: `operator/weir-operator.yaml`. */
  readonly name: string;
  readonly text: string;
}

/**
 * Makes the folder hold these files, and what lay in it that weir did not write. It is made beside
 * the old one and takes its place as a whole: a reader, also after a crash, finds the old or
 * the new, never a mixture. (A crash between the two renames leaves the old one under its other
 * name; the next synth finds it.)
 *
 * @param mark how every file begins that weir wrote: such a file, and no other, is replaced
 * @returns the names of the files
 * @throws ForeignFile when a file that weir did not write has the name of one to be written
 */
export function replaceFolder(
  folder: string,
  files: Iterable<NewFile>,
  mark: string,
): ReadonlySet<string> {
  // If `folder` is a link to another folder, that one is replaced.
  const target = existsSync(folder) ? realpathSync(folder) : folder;
  const parent = dirname(target);
  const aside = join(parent, `.${basename(target)}-`);
  if (!existsSync(target)) restore(target, parent, `${basename(aside)}old-`);
  removeAbandoned(parent, basename(aside));

  // By our own number, so that two synths at a time don't meet.
  const fresh = `${aside}new-${process.pid}`;
  mkdirSync(fresh);
  try {
    const written = new Set<string>();
    for (const file of files) {
      const to = join(fresh, file.name);
      mkdirSync(dirname(to), { recursive: true });
      place(file, oldOf(target, file.name), { to, mark });
      written.add(file.name);
    }
    if (existsSync(target)) keepForeign(target, { to: fresh, mark });
    swap(target, fresh, aside);
    return written;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

interface Destination {
  readonly to: string;
  readonly mark: string;
}

/** Takes back what a synth that was killed between its two renames had put aside. */
function restore(target: string, parent: string, prefix: string): void {
  const [old] = readdirSync(parent).filter((name) => name.startsWith(prefix));
  if (old !== undefined) renameSync(join(parent, old), target);
}

/**
 * Removes what synths that were killed had begun, or had not yet cleared away. An old folder is
 * that, too, where there is one in its place: what was missing has been restored by now.
 */
function removeAbandoned(parent: string, prefix: string): void {
  for (const name of readdirSync(parent)) {
    const [state, pid] = name.startsWith(prefix) ? name.slice(prefix.length).split("-") : [];
    if ((state === "new" || state === "old" || state === "gone") && !isAlive(Number(pid))) {
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

/**
 * The path of what has the name of a file to be written; undefined when nothing has.
 *
 * @throws ForeignFile where something else stands in the place of a folder on the way to it
 */
function oldOf(target: string, name: string): string | undefined {
  const folders = dirname(name).split("/");
  for (const depth of folders.keys()) {
    const path = join(target, ...folders.slice(0, depth + 1));
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (!stat.isDirectory()) throw new ForeignFile(path);
  }
  const path = join(target, name);
  return lstatSync(path, { throwIfNoEntry: false }) && path;
}

/** Writes a file, or takes over the old one where nothing changed: it keeps its time. */
function place({ text }: NewFile, old: string | undefined, { to, mark }: Destination): void {
  const before = old !== undefined && lstatSync(old).isFile() ? readFileSync(old, "utf8") : "";
  if (old === undefined) writeFileSync(to, text);
  else if (before === text) link(old, to);
  else if (before.startsWith(mark)) writeFileSync(to, text);
  else throw new ForeignFile(old);
}

/** Carries over what is not weir's: in a folder that weir writes to as well, what lies in it. */
function keepForeign(folder: string, { to, mark }: Destination): void {
  for (const name of readdirSync(folder)) {
    const from = join(folder, name);
    const copy = join(to, name);
    const stat = lstatSync(from);
    if (lstatSync(copy, { throwIfNoEntry: false }) === undefined) {
      if (!(stat.isFile() && isOurs(from, mark))) copyInto(from, copy);
    } else if (stat.isDirectory()) keepForeign(from, { to: copy, mark });
  }
}

function isOurs(path: string, mark: string): boolean {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(mark.length);
    return readSync(file, start) === mark.length && start.toString() === mark;
  } finally {
    closeSync(file);
  }
}

/** The same file, folder or link under a second name. */
function copyInto(from: string, to: string): void {
  const stat = lstatSync(from);
  if (stat.isDirectory()) {
    mkdirSync(to, { mode: stat.mode });
    for (const name of readdirSync(from)) copyInto(join(from, name), join(to, name));
  } else if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else link(from, to);
}

/** The same file under a second name; a copy where there can be none. */
export function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // Not every file system has hard links, and a scratch folder may be on another one.
    if (!["EPERM", "EXDEV", "ENOTSUP", "EMLINK"].includes(codeOf(error))) throw error;
    copyFileSync(from, to);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
