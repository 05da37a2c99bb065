// Runs in a network of its own, which it cuts. Sockets say goodbye to one that does not close: the
// first is heard, the others are not any more. Tells which of them were given up; of one during whose
// watch this process stood still, also whether it was watched after that.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { systemRuntime } from "../../pool/runtime.ts";
import { watchSilence } from "../../pool/silence.ts";

const SILENT_MS = 300;
const LOOK_MS = 50;

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

/** Resolves when Linux tells it of the socket: the fields of its line in /proc/net/tcp. */
async function told(
  { localPort = 0 }: Socket,
  isSo: (fields: readonly string[]) => boolean,
): Promise<void> {
  const local = `:${localPort.toString(16).toUpperCase().padStart(4, "0")}`;
  const isIt = (line: string) => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(local) === true && isSo(fields);
  };
  while (!readFileSync("/proc/self/net/tcp", "utf8").split("\n").some(isIt)) await sleep(LOOK_MS);
}

/** As a process does that is stopped, or on a machine that sleeps. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Resolves when it is given up. */
function goodbye(socket: Socket, name: string): Promise<void> {
  socket.end();
  return new Promise((resolve) => {
    const giveUp = () => {
      gone.push(name);
      resolve();
    };
    watchSilence(socket, giveUp, systemRuntime, SILENT_MS, LOOK_MS);
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
const paused = await connected(address.port);
const ended = once(peer.resume(), "end");
void goodbye(heard, "heard");
await ended;
// That it arrived is not yet an answer: Linux may take some milliseconds to acknowledge it.
await told(heard, ([, , , state]) => state === ACKNOWLEDGED);
link("down");
await goodbye(unheard, "unheard");
// By then the first one would have been given up as well, if anything but silence did it.
await goodbye(later, "later");

let looks = 0;
setInterval(() => {
  looks += 1;
}, LOOK_MS);
const givenUp = goodbye(paused, "paused");
// It is sent again by now.
await told(paused, ([, , , , , , resent]) => Number.parseInt(resent ?? "", 16) > 0);
standStill(2 * SILENT_MS);
looks = 0;
await givenUp;
// One or two before it stood still count as well; a whole silence takes six.
gone.push(looks > 2 ? "watched" : `after ${looks} looks`);
process.stdout.write(gone.join(), () => process.exit());
