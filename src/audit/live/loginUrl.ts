import { Client } from "pg";
import type { ConsoleLogin } from "../../pgbouncer/console.ts";

/** Where to log in, as a URL or the environment tells it. The password is in no message. */
export interface LoginUrl extends ConsoleLogin {
  /** Absent: the URL names none. */
  readonly database?: string;
  /** For people: `host:port`, or the path of the unix socket. */
  readonly address: string;
}

/** A URL that can't be used, in words without what may be a password. */
export class BadUrl extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadUrl";
  }
}

const FORM = "postgres://LOGIN:PASSWORD@HOST:PORT/DATABASE";
const SOCKET_FORM = "postgres://LOGIN@/DATABASE?host=/FOLDER&port=PORT";

/**
 * Reads a URL as libpq would; what it leaves out comes from PGHOST, PGPORT, PGUSER, and the
 * password from PGPASSWORD or .pgpass when it is asked for. `sslmode` means what it means to psql,
 * but that absent is `disable`.
 *
 * @param portDefault where neither the URL nor PGPORT names one
 * @throws BadUrl
 */
export function parseLoginUrl(url: string, portDefault: number): LoginUrl {
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw new BadUrl(`must be a URL: ${FORM}, or ${SOCKET_FORM}`);
  }
  const client = parsed(url);
  const { host, user = "", password, ssl } = client;
  const named = namesPort(url) || process.env["PGPORT"] !== undefined;
  const port = named ? client.port : portDefault;
  const database = databaseIn(url);
  return {
    host,
    port,
    user,
    ...(password ? { password } : {}),
    ...(ssl ? { ssl } : {}),
    ...(database !== undefined && { database }),
    address: host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : addressOf(host, port),
  };
}

function addressOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function parsed(url: string): Client {
  const asLibpq =
    /[?&]ssl/.test(url) && !url.includes("uselibpqcompat")
      ? `${url}${url.includes("?") ? "&" : "?"}uselibpqcompat=true`
      : url;
  try {
    return new Client({ connectionString: asLibpq });
  } catch (error) {
    // A certificate that can't be read names its file; all else might quote the URL.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const path = error instanceof Error && "path" in error ? error.path : undefined;
    if (typeof path === "string") throw new BadUrl(`can't read ${path} (${String(code)})`);
    const spelled = "special characters of a password are written as %XX";
    throw new BadUrl(`is not a URL that can be read: ${FORM}, or ${SOCKET_FORM}; ${spelled}`);
  }
}

const HEAD = /^[a-z]+:\/\/[^/?]*/;

function databaseIn(url: string): string | undefined {
  const path = url.replace(HEAD, "").split("?", 1)[0] ?? "";
  return path.length > 1 ? decodeURIComponent(path.slice(1)) : undefined;
}

function namesPort(url: string): boolean {
  return /:\d+$/.test(HEAD.exec(url)?.[0] ?? "") || /[?&]port=/.test(url);
}

/** A message of a server or library, in one line, without the password. */
export function withoutPassword(text: string, { password, user }: LoginUrl): string {
  const line = text.trim().split(/[\r\n]/, 1)[0] ?? "";
  const secrets = [password, process.env["PGPASSWORD"]].filter(
    (secret): secret is string => secret !== undefined && secret !== "" && secret !== user,
  );
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), line);
}
