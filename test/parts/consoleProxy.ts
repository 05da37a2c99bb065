// Started by root as: consoleProxy.ts LISTEN CONNECT UID GID
//
// PgBouncer's console believes only the user that PgBouncer itself runs as. This program listens on
// the socket LISTEN, which root can reach, and hands each connection to the socket CONNECT as that
// user. It starts as root, so that it can be read wherever the checkout lies, and ends with stdin.
import { once } from "node:events";
import { connect, createServer } from "node:net";

const [, , listen, target, uid, gid] = process.argv;
if (listen === undefined || target === undefined) throw new Error("LISTEN CONNECT UID GID");

const server = createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ path: target, allowHalfOpen: true });
  near.pipe(far).pipe(near);
  near.on("error", () => far.destroy());
  far.on("error", () => near.destroy());
  near.on("close", () => far.destroy());
  far.on("close", () => near.destroy());
}).listen(listen);
await once(server, "listening");

process.setgroups?.([]);
process.setgid?.(Number(gid));
process.setuid?.(Number(uid));
process.stdin.resume().once("end", () => process.exit());
process.stdout.write("open\n");
