// Started in a pod as: knock.ts HOST PORT
//
// Prints "open" when somebody takes a connection there, else why not.
import { lookup } from "node:dns/promises";
import { connect } from "node:net";

const PATIENCE_MS = 3000;

const [, , name = "", port = ""] = process.argv;
// By its address: that DNS is slow says nothing of a port.
const { address: host } = await lookup(name);
const socket = connect({ host, port: Number(port), timeout: PATIENCE_MS });
const end = (said: string) => {
  process.stdout.write(said);
  process.exit();
};
socket.once("connect", () => end("open"));
socket.once("timeout", () => end("no answer"));
socket.once("error", (error) => end(error.message));
