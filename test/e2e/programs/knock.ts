// Started in a pod as: knock.ts HOST PORT
//
// Prints "open" when somebody takes a connection there, else why not.
import { connect } from "node:net";

const PATIENCE_MS = 3000;

const [, , host = "", port = ""] = process.argv;
const socket = connect({ host, port: Number(port), timeout: PATIENCE_MS });
const end = (said: string) => {
  process.stdout.write(said);
  process.exit();
};
socket.once("connect", () => end("open"));
socket.once("timeout", () => end("no answer"));
socket.once("error", (error) => end(error.message));
