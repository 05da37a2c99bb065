import { once } from "node:events";
import { createServer } from "node:net";

// Below the range (32768 and up on Linux) from which outgoing connections take their own port:
// in a test that opens hundreds of them, one would take a port between its choice and its use.
const FIRST = 12_000;
const LAST = 29_999;

// Test files that run at the same time choose from different ones: else both could choose the same
// port before either of them listens on it.
const SHARES = 16;
const SHARE = Number(process.env["VITEST_POOL_ID"] ?? 0) % SHARES;

const given = new Set<number>();

/** A TCP port on 127.0.0.1 that nobody listens on, and that this process never gave out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    // At random, since other processes choose at the same time.
    const port = FIRST + SHARE + SHARES * Math.floor((Math.random() * (LAST - FIRST + 1)) / SHARES);
    if (given.has(port)) continue;
    if (await isFree(port)) {
      given.add(port);
      return port;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
