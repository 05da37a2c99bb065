import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { virtualRuntime, type VirtualRuntime } from "../../test/runtime/virtualRuntime.ts";
import { openConnection } from "./connection.ts";

const TIMEOUT_MS = 3000;

let server: Server;
let runtime: VirtualRuntime;

beforeEach(async () => {
  runtime = virtualRuntime();
  server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => {
  server.close();
});

function open(stopped?: AbortSignal) {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return openConnection(
    { host: "127.0.0.1", port, user: "eye", password: "hush", ssl: false },
    { database: "x", applicationName: "weir", timeoutMs: TIMEOUT_MS, ...(stopped && { stopped }) },
    runtime,
  );
}

/** The server's end of the next connection, once it was asked something. */
async function asked(): Promise<Socket> {
  const socket = await new Promise<Socket>((resolve) => {
    server.once("connection", resolve);
  });
  await once(socket, "data");
  return socket;
}

/** AuthenticationOk and ReadyForQuery. */
const LET_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

test("a login without an answer ends after the timeout, by the clock of the runtime", async () => {
  const opening = open();
  opening.catch(() => {});
  const socket = await asked();
  await runtime.pass(TIMEOUT_MS - 1);
  expect(socket.readyState).toBe("open");
  const closed = once(socket, "close");
  await runtime.pass(1);

  await expect(opening).rejects.toThrow("timeout expired");
  await closed;
  expect(runtime.waiting()).toBe(0);
});

test("so does a query, and its connection with it", async () => {
  const opening = open();
  const socket = await asked();
  socket.write(LET_IN);
  const { query, close } = await opening;
  const answer = query("SHOW CLIENTS");
  answer.catch(() => {});
  await once(socket, "data");
  const closed = once(socket, "close");
  await runtime.pass(TIMEOUT_MS);

  await expect(answer).rejects.toThrow("timeout expired");
  await closed;
  await close();
  expect(runtime.waiting()).toBe(0);
});

test("what ended a connection while nothing was asked is what its next query says", async () => {
  const opening = open();
  const socket = await asked();
  socket.write(LET_IN);
  const connection = await opening;
  const fields = ["SFATAL", "C57P01", "Mterminating connection", ""].map((field) => `${field}\0`);
  const body = Buffer.from(fields.join(""));
  const head = Buffer.from([0x45, 0, 0, 0, body.length + 4]);
  const closed = once(socket, "close");
  socket.end(Buffer.concat([head, body]));
  await closed;

  await expect(connection.query("SELECT 1")).rejects.toThrow("terminating connection");
  await connection.close();
});

test("a signal ends what is asked with its reason", async () => {
  const stop = new AbortController();
  const opening = open(stop.signal);
  opening.catch(() => {});
  const socket = await asked();
  const closed = once(socket, "close");
  stop.abort(new Error("enough"));

  await expect(opening).rejects.toThrow(new Error("enough"));
  await closed;
  expect(runtime.waiting()).toBe(0);
});
