import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { Client } from "pg";

import { cached } from "../../tools/cache/cache.ts";
import { unpackDebian } from "../../tools/debian/debian.ts";
import { type UnixUser, serverOwner } from "../../tools/processes/owner.ts";
import { freePort } from "./ports.ts";
import { type RunningProcess, runProcess, startProcess } from "../../tools/processes/processes.ts";
import { askVersion, findProgram, onPath, type Program } from "../../tools/debian/programs.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

const MINIMUM = "15";
/** What is unpacked where there is none: the Postgres of Debian trixie. */
const FROM_DEBIAN = { suite: "trixie", major: "17" } as const;
const SUPERUSER = "postgres";
const INITDB_OPTIONS = [
  `--username=${SUPERUSER}`,
  "--encoding=UTF8",
  "--locale=C",
  "--auth-local=trust",
  "--auth-host=scram-sha-256",
  "--no-sync",
  // 1 MB in place of 16 MB: less to copy for each start.
  "--wal-segsize=1",
];

/** What to start. */
export interface PostgresSpec {
  /** Server settings, as in postgresql.conf: `{ max_connections: 50 }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** What the superuser logs in with over TCP; `postgres` when absent. */
  readonly superuserPassword?: string;
}

/** A Postgres that runs: scram-sha-256 over TCP, nothing asked on its unix socket. */
export interface Postgres {
  /** The pid of the postmaster that was started first. */
  readonly pid: number;
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly socketDir: string;
  /** The superuser. */
  readonly user: string;
  readonly password: string;
  readonly database: "postgres";
  readonly version: string;
  /** What it logged so far, since it was last started. */
  readonly log: () => string;
  /** Runs one or more statements as superuser. @returns the rows of the only statement */
  readonly query: (sql: string) => Promise<Record<string, unknown>[]>;
  /** Sends a signal to the postmaster. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Ends Postgres at once, with all its connections; `resume` starts it with what it had. */
  readonly halt: () => Promise<void>;
  /** Starts a halted Postgres, on the same port, and waits until it accepts connections. */
  readonly resume: () => Promise<void>;
  /** Ends Postgres at once, with all its connections, and removes its folder. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts an empty Postgres on a free port of 127.0.0.1, and waits until it accepts connections.
 * What it writes is lost with the machine: it does not wait for the disk.
 *
 * @throws with its log when it does not start, or with what to install when there is none
 */
export async function startPostgres(spec: PostgresSpec = {}): Promise<Postgres> {
  const { settings = {}, superuserPassword = "postgres" } = spec;
  const program = await findPostgres();
  const owner = serverOwner();
  const template = await dataTemplate(program, owner);
  const dir = await scratchDir("postgres", owner);
  const data = join(dir, "data");
  const port = await freePort();
  const all = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: dir,
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    // Not in /dev/shm, where nobody clears up after a Postgres that was killed.
    dynamic_shared_memory_type: "mmap",
    ...settings,
  };
  let server: RunningProcess | undefined;
  const halt = async () => {
    // Immediate shutdown: unlike SIGKILL it gives its shared memory back.
    await server?.stop("SIGQUIT");
  };
  const start = async () => {
    const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const started = await startProcess({
      command: program.path,
      args: ["-D", data, ...flags],
      owner,
      deathSignal: "SIGQUIT",
    });
    server = started;
    await started.untilLogged(/ready to accept connections/);
    return started;
  };
  const stop = async () => {
    await halt();
    await rm(dir, { recursive: true, force: true });
  };
  const query = async (sql: string) => {
    const client = new Client({ host: dir, port, user: SUPERUSER, database: "postgres" });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql);
      return rows;
    } finally {
      await client.end();
    }
  };
  try {
    await runProcess({ command: "cp", args: ["-a", "--reflink=auto", template, data] });
    const { pid } = await start();
    const quoted = superuserPassword.replaceAll("'", "''");
    await query(`ALTER ROLE ${SUPERUSER} PASSWORD '${quoted}'`);
    return {
      pid,
      host: "127.0.0.1",
      port,
      socketDir: dir,
      user: SUPERUSER,
      password: superuserPassword,
      database: "postgres",
      version: program.version,
      log: () => server?.log() ?? "",
      query,
      kill: (signal) => server?.signal(signal),
      halt,
      resume: async () => {
        await start();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Brings what `startPostgres` takes: the programs, and the folder that each start copies. */
export async function preparePostgres(): Promise<void> {
  await dataTemplate(await findPostgres(), serverOwner());
}

/** What initdb makes, which takes seconds: made once for each version and user, then copied. */
async function dataTemplate(program: Program, owner: UnixUser): Promise<string> {
  const entry = await cached({
    name: "postgres-data",
    version: `${program.version}-${process.arch}-${owner.name}`,
    make: async (dir) => {
      const made = await scratchDir("initdb", owner);
      const data = join(made, "data");
      const initdb = join(dirname(program.path), "initdb");
      await runProcess({
        command: initdb,
        args: ["--pgdata", data, ...INITDB_OPTIONS],
        owner,
        // Else it looks for the machine's zone among the files of tzdata, which may be missing.
        env: { TZ: "GMT" },
      });
      await runProcess({ command: "cp", args: ["-a", data, join(dir, "data")] });
      await rm(made, { recursive: true });
    },
  });
  return join(entry, "data");
}

let found: Promise<Program> | undefined;

/**
 * The Postgres to test with: on PATH or in /usr/lib/postgresql when it is 15 or newer, else 17 of
 * Debian trixie, unpacked once into the cache. `initdb` lies beside it.
 *
 * @throws with what was tried and what to install
 */
function findPostgres(): Promise<Program> {
  found ??= (async () =>
    findProgram({
      name: "Postgres",
      minimum: MINIMUM,
      paths: [...(await onPath("postgres")), ...(await installedByDebian())],
      suite: FROM_DEBIAN.suite,
      install: "apt-get install postgresql",
      unpacked: postgresFromDebian,
    }))();
  return found;
}

async function installedByDebian(): Promise<string[]> {
  const root = "/usr/lib/postgresql";
  const majors = await readdir(root).catch(() => []);
  return majors
    .toSorted((a, b) => Number(b) - Number(a))
    .map((major) => join(root, major, "bin", "postgres"));
}

async function postgresFromDebian(): Promise<Program> {
  const { suite, major } = FROM_DEBIAN;
  const bin = join("usr", "lib", "postgresql", major, "bin");
  const tree = await cached({
    name: `postgresql-${suite}`,
    version: `${major}-${process.arch}`,
    make: async (dir) => {
      const programs = [join(bin, "postgres"), join(bin, "initdb")];
      await unpackDebian({ suite, packages: [`postgresql-${major}`], programs }, dir);
    },
  });
  return askVersion(join(tree, bin, "postgres"));
}
