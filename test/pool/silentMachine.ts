// Runs in a network of its own, which it cuts. Sockets say goodbye to one that does not close: the
// first is heard, the others are not any more. Tells which of them were given up.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { watchSilence } from "../../pool/silence.ts";

const SILENT_MS = 300;
const LOOK_MS = 20;

const gone: string[] = [];

function link(state: "up" | "down"): void {
  execFileSync("ip", ["link", "set", "lo", state]);
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  return socket;
}

/** Linux' number for a socket whose goodbye was acknowledged (FIN_WAIT2). */
const ACKNOWLEDGED = "05";

/** That it arrived is not yet an answer: Linux may take some milliseconds to acknowledge it. */
async function acknowledged({ localPort = 0 }: Socket): Promise<void> {
  const local = `:${localPort.toString(16).toUpperCase().padStart(4, "0")}`;
  const isIt = (line: string) => {
    const [, from = "", , state] = line.trim().split(/\s+/);
    return from.endsWith(local) && state === ACKNOWLEDGED;
  };
  while (!readFileSync("/proc/self/net/tcp", "utf8").split("\n").some(isIt)) await sleep(LOOK_MS);
}

/** Resolves when it is given up. */
function goodbye(socket: Socket, name: string): Promise<void> {
  socket.end();
  return new Promise((resolve) => {
    const giveUp = () => {
      gone.push(name);
      resolve();
    };
    watchSilence(socket, giveUp, SILENT_MS, LOOK_MS);
  });
}

link("up");
const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
if (address === null || typeof address === "string") throw new Error("a port was asked for");
const accepted = once(server, "connection");
const heard = await connected(address.port);
const [peer] = await accepted;
const unheard = await connected(address.port);
const later = await connected(address.port);
const ended = once(peer.resume(), "end");
void goodbye(heard, "heard");
await ended;
await acknowledged(heard);
link("down");
await goodbye(unheard, "unheard");
// By then the first one would have been given up as well, if anything but silence did it.
await goodbye(later, "later");
process.stdout.write(gone.join(), () => process.exit());
