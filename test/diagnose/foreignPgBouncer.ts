import { PRODUCTS } from "../verify/products.ts";
import { readFileSync } from "node:fs";
import { Socket } from "node:net";

import { Client } from "pg";

import { gatherLive, type LiveQuestion } from "../../src/diagnose/gather/gatherLive.ts";
import type { LiveSystem } from "../../src/model/liveSystem.ts";
import type { UnavailablePart } from "../../src/model/observation.ts";
import {
  type PgBouncer,
  type PgBouncerPlace,
  pgbouncerPlace,
  startPgBouncer,
} from "../parts/pgbouncer.ts";
import type { Postgres } from "../parts/postgres.ts";
import type { Program } from "../../tools/debian/programs.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** Whom the PgBouncer knows, with their passwords. */
export const PASSWORDS = { boss: "hush-boss", eye: "hush-eye", app: "hush-app" } as const;

/** Where weir would be told to look, in an ini. */
export interface ForeignPgBouncerSpec {
  readonly postgres: Postgres;
  readonly program?: Program;
  /** Of [pgbouncer], over those that it has anyway. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly poolSize?: number;
}

/**
 * A PgBouncer that weir did not make: line `app`, login `app` for it, admin `boss`, stats user
 * `eye`. The role `app` must be in Postgres.
 */
export async function startForeignPgBouncer(spec: ForeignPgBouncerSpec): Promise<PgBouncer> {
  const place = await pgbouncerPlace();
  return startPgBouncer({
    place,
    main: "pgbouncer.ini",
    files: {
      "pgbouncer.ini": ini(place, spec),
      "userlist.txt": Object.entries(PASSWORDS)
        .map(([login, password]) => `"${login}" "${password}"\n`)
        .join(""),
    },
    ...(spec.program !== undefined && { program: spec.program }),
  });
}

function ini(
  place: PgBouncerPlace,
  { postgres, settings, poolSize = 5 }: ForeignPgBouncerSpec,
): string {
  const all = {
    listen_addr: "127.0.0.1",
    listen_port: place.port,
    unix_socket_dir: place.socketDir,
    auth_type: "scram-sha-256",
    auth_file: place.userlistPath,
    admin_users: "boss",
    stats_users: "eye",
    pool_mode: "transaction",
    max_client_conn: 20,
    ...settings,
  };
  const keys = Object.entries(all).map(([key, value]) => `${key} = ${value}\n`);
  const where = `host=${postgres.host} port=${postgres.port} dbname=postgres`;
  return `[databases]\napp = ${where} pool_size=${poolSize}\n[pgbouncer]\n${keys.join("")}`;
}

/** The URL of a console, with the login's password unless told. */
export function consoleUrl(
  { port }: { readonly port: number },
  login: keyof typeof PASSWORDS,
  password: string = PASSWORDS[login],
): string {
  return `postgres://${login}:${password}@127.0.0.1:${port}/pgbouncer`;
}

/** A client of line `app`, that nobody is told of when PgBouncer ends it; or of a Postgres. */
export async function appClient(
  { port }: { readonly port: number },
  applicationName = "",
  database = "app",
): Promise<Client> {
  const client = new Client({
    host: "127.0.0.1",
    port,
    user: "app",
    password: PASSWORDS.app,
    database,
    ...(applicationName !== "" && { application_name: applicationName }),
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** A socket for `Client` that comes from an address of this machine: 127.0.1.7 is one, too. */
export function socketFrom(localAddress: string): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  return Object.assign(socket, {
    connect: (port: number, host: string) => connect({ port, host, localAddress }),
  });
}

/** Two samples, as soon as they can be had. */
export function gather(
  question: Partial<LiveQuestion> & Pick<LiveQuestion, "pgbouncers">,
  env: Readonly<Record<string, string | undefined>> = {},
  onWait: (what: string) => void = () => {},
): Promise<LiveSystem> {
  return gatherLive(
    { windowMs: 0, intervalMs: 100, ...question },
    { env, read, runtime: systemRuntime, onWait, products: PRODUCTS },
  );
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}

/** What could not be asked of this thing. */
export function unseenOf({ unavailable }: LiveSystem, what: string): UnavailablePart | undefined {
  return unavailable.find((each) => each.what === what);
}
