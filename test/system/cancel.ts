import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import type { Client } from "pg";

const SSL_REQUEST = 80_877_103;
const CANCEL_REQUEST = 80_877_102;

/**
 * Asks a PgBouncer to cancel a client's query: a connection of its own, which may come to another
 * process than the client's. Nobody answers; it is over when PgBouncer closes it.
 *
 * @param tls for a PgBouncer that asks for it
 */
export async function cancel(port: number, client: Client, tls?: ConnectionOptions): Promise<void> {
  const plain = connect(port, "127.0.0.1");
  const socket = tls === undefined ? plain : await encrypted(plain, tls);
  // However it is closed: whether the query was cancelled says the query.
  const closed = new Promise((resolve) => {
    socket.on("error", () => {}).once("close", resolve);
  });
  // Told to the client at its login; the types of node-postgres do not have them.
  const key = ["processID", "secretKey"].map((name) => Number(Reflect.get(client, name)));
  socket.resume().write(message(CANCEL_REQUEST, ...key));
  await closed;
}

async function encrypted(socket: Socket, tls: ConnectionOptions): Promise<Socket> {
  socket.write(message(SSL_REQUEST));
  await once(socket, "data");
  return connectTls({ ...tls, socket });
}

/** A message without a type, as before a login: its length, then numbers. */
function message(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * (numbers.length + 1));
  for (const [index, number] of [bytes.length, ...numbers].entries()) {
    bytes.writeInt32BE(number, 4 * index);
  }
  return bytes;
}
