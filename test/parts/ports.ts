import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

// Below the range (32768 and up on Linux) from which outgoing connections take their own port:
// in a test that opens hundreds of them, one would take a port between its choice and its use.
const FIRST = 12_000;
const LAST = 29_999;

/** A port that is nobody else's: a row of one. */
export function freePort(): Promise<number> {
  return portsInARow(1);
}

/**
 * The first of so many TCP ports, one after the other, that nobody listens on at any address of this
 * machine, and that neither this process nor another one gave out that still runs: between a choice
 * and its use lies the start of a server, while other test files choose ports, too. Whose a port is
 * says the UDP port of the same number, which no test has another use for; the kernel frees it with
 * the process.
 */
export async function portsInARow(count: number): Promise<number> {
  for (;;) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST + 2 - count));
    const row = Array.from({ length: count }, (_, index) => first + index);
    const claims = await Promise.all(row.map(claimed));
    const areFree = claims.includes(undefined) ? [false] : await Promise.all(row.map(isFree));
    if (!areFree.includes(false)) return first;
    for (const claim of claims) claim?.close();
  }
}

/** The claim is held as long as this process runs; undefined when another one has it. */
async function claimed(port: number): Promise<Socket | undefined> {
  const socket = createSocket("udp4").unref();
  const bound = once(socket, "listening");
  // Exclusive, else the workers of a cluster would share it.
  socket.bind({ port, address: "127.0.0.1", exclusive: true });
  try {
    await bound;
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
