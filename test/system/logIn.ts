import type { ConnectionOptions } from "node:tls";

import { Client } from "pg";

import { CONSOLE_ADMIN, CONSOLE_DATABASE } from "../../src/api/names.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import type { StartedTier } from "./weirTier.ts";

/** Whom to log in as, and where; by default to the login's own line, on the first process. */
export interface LoginWish {
  readonly user: string;
  readonly database?: string;
  readonly password?: string;
  readonly bouncer?: PgBouncer;
  readonly ssl?: ConnectionOptions;
}

/** Logs in to PgBouncer over TCP. @throws what PgBouncer answers when it refuses */
export async function logIn(tier: StartedTier, wish: LoginWish): Promise<Client> {
  const { user, database = user, bouncer = tier.bouncers[0] } = wish;
  const client = new Client({
    host: "127.0.0.1",
    port: bouncer.port,
    user,
    database,
    password: wish.password ?? tier.passwordOf(user),
    ...(wish.ssl !== undefined && { ssl: wish.ssl }),
  });
  // What ends a client shows in its queries; nobody listens for it beside them.
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Opens the admin console, over the unix socket as PgBouncer's own user, and leaves it open. */
export async function openConsole({ place, port }: PgBouncer): Promise<Client> {
  const client = new Client({
    host: place.consoleDir,
    port,
    user: CONSOLE_ADMIN,
    database: CONSOLE_DATABASE,
  });
  await client.connect();
  return client;
}

/** The first packet of a login, as bytes: it names the line, and no password. */
export function startupPacket(line: string): Buffer {
  const parameters = Buffer.from(`user\0${line}\0database\0${line}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, parameters]);
}
