import { once } from "node:events";
import { createServer } from "node:net";

// Ports that freePort gives to nobody, and outgoing connections do not take: else another test, at
// the same time, might have one of a row between its choice and its use. The last one is a claim of
// test/cluster's pods.
const FIRST = 11_000;
const LAST = 11_998;

/**
 * @returns the first of so many ports, one after the other, that nobody listens on at any address of
 *   this machine
 */
export async function portsInARow(count: number): Promise<number> {
  for (;;) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST + 2 - count));
    const row = Array.from({ length: count }, (_, index) => first + index);
    const areFree = await Promise.all(row.map(isFree));
    if (!areFree.includes(false)) return first;
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
