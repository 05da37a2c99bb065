import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

/** An operating system user that owns the servers which tests start. */
export interface UnixUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Whether this process runs as root, and so has to start servers as somebody else. */
export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The user that PgBouncer and Postgres run as: both refuse root, so root starts them as `nobody`
 * (present with a passwd entry on every Debian, also a bare one); anybody else starts them as
 * themselves.
 *
 * @throws when root finds no `nobody` in /etc/passwd
 */
export function serverOwner(): UnixUser {
  if (!runsAsRoot()) {
    const { username, uid, gid } = userInfo();
    return { name: username, uid, gid };
  }
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === "nobody") return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("root starts PgBouncer and Postgres as nobody, but /etc/passwd has no nobody");
}
