import { chown, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Client } from "pg";

import { cached } from "../../tools/cache/cache.ts";
import { unpackDebian } from "../../tools/debian/debian.ts";
import { type UnixUser, runsAsRoot, serverOwner } from "../../tools/processes/owner.ts";
import { freePort } from "./ports.ts";
import { type Exit, type RunningProcess, startProcess } from "../../tools/processes/processes.ts";
import {
  askVersion,
  findProgram,
  isAtLeast,
  onPath,
  type Program,
} from "../../tools/debian/programs.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

/** The oldest PgBouncer that has the limits which weir manages. */
const MINIMUM = "1.24";
/** The oldest PgBouncer without a known way to log in as somebody else. */
const SAFE = "1.26.1";

/** Where a PgBouncer will live: known before its files are written, since they name these. */
export interface PgBouncerPlace {
  /** Its folder; only its owner and root can look into it. */
  readonly dir: string;
  readonly iniPath: string;
  readonly userlistPath: string;
  readonly hbaPath: string;
  /** For `unix_socket_dir`. */
  readonly socketDir: string;
  /**
   * Where this process, whoever runs it, reaches the socket as PgBouncer's own user: `host` of a
   * console. For root it is not `socketDir`, since PgBouncer does not believe root.
   */
  readonly consoleDir: string;
  /** For `listen_port`; a free port on 127.0.0.1. */
  readonly port: number;
  /** The user that PgBouncer runs as. */
  readonly owner: UnixUser;
}

/** What to start. */
interface PgBouncerSpec {
  readonly place: PgBouncerPlace;
  /** Texts by file name: what lies in the place's folder beside each other. */
  readonly files: Readonly<Record<string, string>>;
  /** The name of the file that PgBouncer is started with; another one may include it. */
  readonly main: string;
  /** Soft and hard limit of open files; inherited when absent. */
  readonly maxOpenFiles?: number;
  /** Which PgBouncer; that of `findPgBouncer` when absent. */
  readonly program?: Program;
}

/** A PgBouncer that runs. */
export interface PgBouncer {
  readonly place: PgBouncerPlace;
  /** The pid of PgBouncer itself. */
  readonly pid: number;
  readonly port: number;
  readonly socketDir: string;
  readonly version: string;
  /** Settles when PgBouncer has ended. */
  readonly exited: Promise<Exit>;
  /** What it logged so far. */
  readonly log: () => string;
  /** Writes files into the place's folder, readable for PgBouncer; it does not reload. */
  readonly write: (files: Readonly<Record<string, string>>) => Promise<void>;
  /** RELOAD on the console. Since 1.25 it fails when the files are bad. */
  readonly reload: () => Promise<void>;
  /** Sends a signal to PgBouncer. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Ends PgBouncer at once, and removes its folder. */
  readonly stop: () => Promise<void>;
}

/**
 * A fresh folder and a free port for a PgBouncer. The folder is gone with the PgBouncer that is
 * started there, at the latest with this process.
 */
export async function pgbouncerPlace(): Promise<PgBouncerPlace> {
  const owner = serverOwner();
  const dir = await scratchDir("pgbouncer", owner);
  return {
    dir,
    iniPath: join(dir, "pgbouncer.ini"),
    userlistPath: join(dir, "userlist.txt"),
    hbaPath: join(dir, "hba.conf"),
    socketDir: dir,
    consoleDir: runsAsRoot() ? await scratchDir("console") : dir,
    port: await freePort(),
    owner,
  };
}

/**
 * Starts PgBouncer with files that the caller made for the place, and waits until it listens.
 *
 * @throws with its log when it does not start, or with what to install when there is none
 */
export async function startPgBouncer(spec: PgBouncerSpec): Promise<PgBouncer> {
  const { place, files, main, maxOpenFiles } = spec;
  const program = spec.program ?? (await findPgBouncer());
  const running: RunningProcess[] = [];
  const stop = async () => {
    await Promise.all(running.map((each) => each.stop("SIGKILL")));
    await rm(place.dir, { recursive: true, force: true });
    await rm(place.consoleDir, { recursive: true, force: true });
  };
  try {
    await writeFor(place, files);
    const server = await startProcess({
      command: program.path,
      args: [join(place.dir, main)],
      owner: place.owner,
      ...(maxOpenFiles !== undefined && { maxOpenFiles }),
    });
    running.push(server);
    if (place.consoleDir !== place.socketDir) running.push(await openConsoleDoor(place));
    await server.untilLogged(/process up: PgBouncer/);
    return {
      place,
      pid: server.pid,
      port: place.port,
      socketDir: place.socketDir,
      version: program.version,
      exited: server.exited,
      log: server.log,
      write: (changed) => writeFor(place, changed),
      reload: async () => {
        await consoleQuery(place, "RELOAD");
      },
      kill: server.signal,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A client of the admin console, over the unix socket, as PgBouncer's own user, under the name
 * `pgbouncer`. That is an admin whatever the ini says.
 */
export function consoleClient(place: PgBouncerPlace): Client {
  return new Client({
    host: place.consoleDir,
    port: place.port,
    user: "pgbouncer",
    database: "pgbouncer",
  });
}

/**
 * Runs one statement on the admin console.
 *
 * @returns the rows; values are texts and numbers as node-postgres reads them
 */
export async function consoleQuery(
  place: PgBouncerPlace,
  sql: string,
): Promise<Record<string, unknown>[]> {
  const client = consoleClient(place);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

let found: Promise<Program> | undefined;

/**
 * The PgBouncer to test with: on PATH when it is 1.24 or newer, else 1.26.1 or newer from Debian
 * sid, unpacked once into the cache.
 *
 * @throws with what was tried and what to install
 */
export function findPgBouncer(): Promise<Program> {
  found ??= (async () =>
    findProgram({
      name: "PgBouncer",
      minimum: MINIMUM,
      paths: await onPath("pgbouncer"),
      suite: "sid",
      install: "apt-get install pgbouncer, on Debian trixie or newer",
      unpacked: pgbouncerFromSid,
    }))();
  return found;
}

async function pgbouncerFromSid(): Promise<Program> {
  const program = "usr/sbin/pgbouncer";
  const tree = await cached({
    name: "pgbouncer-sid",
    version: `${SAFE}-${process.arch}`,
    make: async (dir) => {
      await unpackDebian({ suite: "sid", packages: ["pgbouncer"], programs: [program] }, dir);
      const { version } = await askVersion(join(dir, program));
      if (!isAtLeast(version, SAFE)) throw new Error(`sid has only PgBouncer ${version}`);
    },
  });
  return askVersion(join(tree, program));
}

async function writeFor(
  place: PgBouncerPlace,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(place.dir, name);
    await writeFile(path, text, { mode: 0o600 });
    if (runsAsRoot()) await chown(path, place.owner.uid, place.owner.gid);
  }
}

async function openConsoleDoor(place: PgBouncerPlace): Promise<RunningProcess> {
  const socket = `.s.PGSQL.${place.port}`;
  const proxy = await startProcess({
    command: process.execPath,
    args: [
      fileURLToPath(new URL("consoleProxy.ts", import.meta.url)),
      join(place.consoleDir, socket),
      join(place.socketDir, socket),
      `${place.owner.uid}`,
      `${place.owner.gid}`,
    ],
  });
  await proxy.untilLogged(/^open$/m);
  return proxy;
}
