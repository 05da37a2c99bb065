import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ENV_MARK, MARK, type ComposeFolder } from "../compose/composeFolder.ts";
import type { SecretFile } from "../compose/secretFiles.ts";
import { PGBOUNCER_UID } from "../render/pgbouncerFiles.ts";
import { badInput } from "./shell.ts";

/** The owner of the secrets' files, as whom all containers run. */
interface SecretOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Asserts that a folder is there or can be made.
 *
 * @throws Failure (bad input) when it, or what it would be in, is no folder
 */
export function checkFolder(folder: string): void {
  let path = resolve(folder);
  while (!existsSync(path)) path = dirname(path);
  if (!statSync(path).isDirectory()) {
    throw badInput(`${path}: is no folder; --out names the folder to write`);
  }
}

/**
 * Whose the secrets are, or will be: the owner of the folder's `secrets` where it is there, else
 * who runs this. Never root, as whom no container shall run: where root writes the folder,
 * PgBouncer's user.
 */
export function secretOwner(folder: string): SecretOwner {
  const secrets = statSync(join(folder, "secrets"), { throwIfNoEntry: false });
  const { uid, gid } = secrets ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return uid === 0 ? { uid: PGBOUNCER_UID, gid: PGBOUNCER_UID } : { uid, gid };
}

/** The bytes of a file of the folder in base64; undefined when there is none. */
export function bytesIn(folder: string, path: string): string | undefined {
  const file = join(folder, path);
  return existsSync(file) ? readFileSync(file).toString("base64") : undefined;
}

/**
 * Writes the folder: what is new or changed, nothing else. Each file is whole or absent at any
 * time. compose.yaml comes last: until then the old one stands, and all that it names is there,
 * since configurations are never changed but get another name. Passwords are never overwritten.
 *
 * @returns by path below the folder what was written, and of that the secrets that were there
 *   before, and are composed of others that changed
 * @throws Failure (bad input) when a file is in the way that weir did not write
 */
export function writeComposeFolder(
  folder: string,
  files: ComposeFolder,
  secrets: readonly SecretFile[],
  owner: SecretOwner,
) {
  const notOurs = othersFile(folder, files);
  if (notOurs !== undefined) {
    throw badInput(
      `${join(folder, notOurs)}: weir did not write this file; name another folder (--out), or move it away`,
    );
  }
  const all: string[] = [];
  const replaced: string[] = [];
  mkdirSync(folder, { recursive: true });
  const plain = (path: string, text: string) => {
    if (writeIfOther(join(folder, path), text)) all.push(path);
  };
  // Before the first secret, so that none is ever committed.
  if (!isIgnoring(folder, files)) plain(".gitignore", files.gitignore);
  makeSecretDir(join(folder, "secrets"), owner);
  closeToOthers(join(folder, "secrets"));
  for (const secret of secrets) {
    const isThere = existsSync(join(folder, secret.path));
    writeSecret(folder, secret, owner);
    all.push(secret.path);
    if (isThere) replaced.push(secret.path);
  }
  for (const { path, files: texts } of files.configs) {
    if (writeFolder(join(folder, path), texts)) all.push(path);
  }
  plain(".env.example", files.envExample);
  plain("compose.yaml", files.composeYaml);
  return { all, replaced };
}

/** Other names by which docker compose finds the file of a project. */
const OTHER_COMPOSE_FILES = ["compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/** A file that weir would overwrite, or take the place of, and that is somebody else's. */
function othersFile(folder: string, files: ComposeFolder): string | undefined {
  const isThere = (name: string) => existsSync(join(folder, name));
  const isOurs = (name: string, mark: string) =>
    !isThere(name) || textIn(join(folder, name))?.startsWith(mark) === true;
  if (!isOurs("compose.yaml", MARK)) return "compose.yaml";
  if (!isOurs(".env.example", ENV_MARK)) return ".env.example";
  if (isThere(".gitignore") && !isIgnoring(folder, files)) return ".gitignore";
  return OTHER_COMPOSE_FILES.find(isThere);
}

/** Whether the folder's .gitignore has our lines already, whatever a person added to them. */
function isIgnoring(folder: string, { gitignore }: ComposeFolder): boolean {
  const lines = textIn(join(folder, ".gitignore"))?.split(/\r?\n/) ?? [];
  return gitignore
    .split("\n")
    .filter((line) => line !== "")
    .every((line) => lines.includes(line));
}

/** The text of a file; undefined if there is no file of that name. */
function textIn(path: string): string | undefined {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? readFileSync(path, "utf8") : undefined;
}

/** Calls `fill` with a path beside, which then takes the other's place, or is removed. */
function inPlace(path: string, fill: (fresh: string) => void, move = renameSync): void {
  // By our own number, so that two runs at a time don't meet.
  const fresh = `${path}.new-${process.pid}`;
  // A run that was killed may have had our number.
  rmSync(fresh, { recursive: true, force: true });
  try {
    fill(fresh);
    move(fresh, path);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function writeIfOther(path: string, text: string): boolean {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
  inPlace(path, (fresh) => writeFileSync(fresh, text));
  return true;
}

/** Writes a folder whose name is a hash of its content: an existing folder is complete. */
function writeFolder(path: string, files: Readonly<Record<string, string>>): boolean {
  if (existsSync(path)) return false;
  mkdirSync(dirname(path), { recursive: true });
  inPlace(path, (fresh) => {
    mkdirSync(fresh);
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(fresh, name), text);
      // Containers of any user read it, whatever the umask.
      chmodSync(join(fresh, name), 0o644);
    }
  });
  return true;
}

function writeSecret(
  folder: string,
  { path, text, isComposed }: SecretFile,
  owner: SecretOwner,
): void {
  const file = join(folder, path);
  // secrets/NAMESPACE/NAME/KEY
  makeSecretDir(dirname(dirname(file)), owner);
  makeSecretDir(dirname(file), owner);
  const fill = (fresh: string) => {
    writeFileSync(fresh, text, { mode: 0o600, flag: "wx" });
    own(fresh, owner);
  };
  // A link fails where a file is: a password that came meanwhile is not lost.
  inPlace(file, fill, isComposed ? renameSync : linkSync);
}

function makeSecretDir(path: string, owner: SecretOwner): void {
  if (existsSync(path)) return;
  mkdirSync(path, { mode: 0o700 });
  own(path, owner);
}

/** A person who brings a password makes the folder first, and with it what is below readable. */
function closeToOthers(path: string): void {
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** Only root can give a file away. */
function own(path: string, { uid, gid }: SecretOwner): void {
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}
