import { Client } from "pg";
import type { ServerLogin } from "../protocol/connection.ts";

/** Host, database and login of a URL or the environment. No message has the password. */
export interface LoginUrl extends ServerLogin {
  /** Absent: the URL names none. */
  readonly database?: string;
  /** For people: `host:port`, or the path of the unix socket. */
  readonly address: string;
}

/** A URL that can't be used, in words without what may be a password. */
export class BadUrl extends Error {
  override name = "BadUrl";
}

const FORM = "postgres://LOGIN:PASSWORD@HOST:PORT/DATABASE";
const SOCKET_FORM = "postgres://LOGIN@/DATABASE?host=/FOLDER&port=PORT";

/**
 * Reads a URL as libpq would; what it leaves out comes from PGHOST, PGPORT, PGUSER, and the
 * password from PGPASSWORD or .pgpass when it is asked for. All but PGPORT are read by node-postgres,
 * of the process. `sslmode` means what it means to psql, but that absent is `disable`.
 *
 * @param portDefault where neither the URL nor PGPORT names one
 * @throws BadUrl
 */
export function parseLoginUrl(
  url: string,
  portDefault: number,
  env: Readonly<Record<string, string | undefined>>,
): LoginUrl {
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw new BadUrl(`must be a URL: ${FORM}, or ${SOCKET_FORM}`);
  }
  if (isTorn(url)) throw unreadable();
  checkSslmode(url);
  const portElse = encodeURIComponent(env["PGPORT"] || portDefault);
  const client = parsed(namesPort(url) ? url : withParameter(url, `port=${portElse}`));
  const { host, port, user = "", password, ssl } = client;
  if (user === "") throw new BadUrl(`names no login: ${FORM}, or PGUSER`);
  if (!Number.isInteger(port) || port < 1 || port > PORT_MAX) {
    throw new BadUrl(`the port, of the URL or PGPORT, must be from 1 to ${PORT_MAX}`);
  }
  const database = databaseIn(url);
  return {
    host,
    port,
    user,
    ...(password ? { password } : {}),
    // False too: else PGSSLMODE would have the last word.
    ...(ssl !== undefined && { ssl }),
    ...(database !== undefined && { database }),
    address: host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : addressOf(host, port),
  };
}

const PORT_MAX = 65_535;

/**
 * Whether a character of a password, not written as %XX, has ended the part before the host: what
 * is taken for host and database then is the rest of the password, and must not be shown or looked
 * up.
 */
function isTorn(url: string): boolean {
  return url.includes("#") || url.replace(HEAD, "").includes("@");
}

const SSLMODES = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/** node-postgres takes any word, and means something by it. */
function checkSslmode(url: string): void {
  const [, mode] = /[?&]sslmode=([^&]*)/.exec(url) ?? [];
  if (mode !== undefined && !SSLMODES.includes(mode)) {
    throw new BadUrl(`sslmode must be one of ${SSLMODES.join(", ")}`);
  }
  if (mode === "verify-ca" && !/[?&]sslrootcert=/.test(url)) {
    throw new BadUrl("sslmode=verify-ca needs sslrootcert=FILE, the CA");
  }
}

function unreadable(): BadUrl {
  const spelled = "special characters of a password are written as %XX";
  return new BadUrl(`is not a URL that can be read: ${FORM}, or ${SOCKET_FORM}; ${spelled}`);
}

function withParameter(url: string, parameter: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}${parameter}`;
}

function addressOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function parsed(url: string): Client {
  const asLibpq =
    /[?&]ssl/.test(url) && !url.includes("uselibpqcompat")
      ? withParameter(url, "uselibpqcompat=true")
      : url;
  try {
    return new Client({ connectionString: asLibpq });
  } catch (error) {
    // A certificate that can't be read names its file; all else might quote the URL.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const path = error instanceof Error && "path" in error ? error.path : undefined;
    if (typeof path === "string") throw new BadUrl(`can't read ${path} (${String(code)})`);
    throw unreadable();
  }
}

const HEAD = /^[a-z]+:\/\/[^/?]*/;

function databaseIn(url: string): string | undefined {
  const path = url.replace(HEAD, "").split("?", 1)[0] ?? "";
  try {
    return path.length > 1 ? decodeURIComponent(path.slice(1)) : undefined;
  } catch {
    throw unreadable();
  }
}

function namesPort(url: string): boolean {
  return /:\d+$/.test(HEAD.exec(url)?.[0] ?? "") || /[?&]port=/.test(url);
}
