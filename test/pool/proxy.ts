import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Stands between a pool and PgBouncer, and sees every login. */
export interface Proxy {
  readonly port: number;
  /** Logins that were begun. */
  readonly logins: () => number;
  /** The most logins that were under way at the same time. */
  readonly mostAtOnce: () => number;
  /** Holds back whatever clients say, until it is told to go on. New connections are accepted. */
  readonly stall: () => void;
  /** Passes on what was held back, and all that comes. */
  readonly goOn: () => void;
  readonly stop: () => Promise<void>;
}

/** ReadyForQuery, outside of a transaction: the end of a login. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/**
 * Starts one before a port of this machine.
 *
 * @param delayMs how late the next thing that a client says arrives, as on a real network: what was
 *   said later on another connection may arrive earlier
 */
export async function startProxy(to: number, delayMs = () => 0): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const loggingIn = new Set<Socket>();
  let logins = 0;
  let mostAtOnce = 0;
  let stalled = Promise.withResolvers<void>();
  stalled.resolve();

  /** Does it after what came before, and when nothing holds it back. */
  const late = async (before: Promise<void>, act: () => void) => {
    await before;
    await stalled.promise;
    const lateMs = delayMs();
    if (lateMs > 0) await sleep(lateMs);
    act();
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const bouncer = connect({ port: to, host: "127.0.0.1", allowHalfOpen: true });
    let said = Promise.resolve();
    const passOn = (act: () => void) => {
      said = late(said, act);
    };
    logins += 1;
    loggingIn.add(client);
    mostAtOnce = Math.max(mostAtOnce, loggingIn.size);
    for (const socket of [client, bouncer]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("close", () => {
      loggingIn.delete(client);
      // What was said before is said, however late.
      passOn(() => bouncer.end());
    });
    bouncer.on("close", () => client.destroy());
    client.on("data", (chunk) => passOn(() => void bouncer.write(chunk)));
    client.on("end", () => passOn(() => bouncer.end()));
    bouncer.on("data", (chunk) => {
      if (chunk.includes(READY)) loggingIn.delete(client);
      if (!client.destroyed) client.write(chunk);
    });
    bouncer.on("end", () => client.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a port was asked for");
  return {
    port: address.port,
    logins: () => logins,
    mostAtOnce: () => mostAtOnce,
    stall: () => {
      stalled = Promise.withResolvers<void>();
    },
    goOn: () => stalled.resolve(),
    stop: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
