import { once } from "node:events";
import { createServer, request, type ServerOptions } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";

import type { ApiServer } from "../cluster/apiServer.ts";

/**
 * What goes wrong. `stall`: all connections stay, and nothing that is under way or comes meanwhile
 * is ever answered. `delay`: everything comes late. `repeat`: each event comes twice, and the one
 * before it once more. `tear`: an answer ends in the middle of the next thing that is said.
 * `refuse`: connections are cut before anything is said.
 */
export type Fault = "none" | "stall" | "delay" | "repeat" | "tear" | "refuse";

/** Stands before an API server and is taken for it, with its certificate. */
export interface FaultyProxy {
  /** A kubeconfig for the way through it. */
  readonly config: KubeConfig;
  readonly make: (fault: Fault) => void;
  /** Cuts all connections. */
  readonly cut: () => void;
  /** The paths that were asked for, in their order. */
  readonly asked: readonly string[];
  /** Connections that are open now. */
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

const DELAY_MS = 100;

/** Starts one, without faults. It stays when the API server is restarted. */
export async function startFaultyProxy(apiServer: ApiServer): Promise<FaultyProxy> {
  const { url, token, caData, certificate } = apiServer;
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const open = new Set<Answering>();
  let fault: Fault = "none";

  const pass = async (from: IncomingMessage, to: ServerResponse) => {
    const path = from.url ?? "";
    asked.push(path);
    const answering: Answering = { dead: fault === "stall" };
    open.add(answering);
    to.once("close", () => open.delete(answering));
    const { method, headers } = from;
    const onward = request(`${url}${path}`, { method, headers, ca: certificate.cert });
    // Also after the answer has begun, when nobody else listens.
    onward.on("error", () => to.destroy());
    // Whoever asks is gone: so is the question.
    to.once("close", () => onward.destroy());
    from.pipe(onward);
    const [answer]: IncomingMessage[] = await once(onward, "response");
    if (answer === undefined || answering.dead) return;
    to.writeHead(answer.statusCode ?? 500, answer.headers);
    to.flushHeaders();
    answer.setEncoding("utf8");
    const repeating = repeater();
    for await (const chunk of answer) {
      const text = String(chunk);
      if (fault === "delay") await sleep(DELAY_MS);
      if (answering.dead) return;
      if (fault === "tear") {
        to.write(text.slice(0, text.length / 2), () => to.destroy());
        return;
      }
      const isWatch = path.includes("watch=true");
      to.write(isWatch ? repeating(text, fault === "repeat") : text);
    }
    if (!answering.dead) to.end();
  };

  const options: ServerOptions = { ...certificate };
  const server = createServer(options, (from, to) => {
    // The API server's end, in the midst of an answer, is the client's end.
    pass(from, to).catch(() => to.destroy());
  });
  server.on("connection", (socket) => {
    if (fault === "refuse") socket.destroy();
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a port was asked for");

  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: "proxy", server: `https://127.0.0.1:${address.port}`, caData, skipTLSVerify: false },
    { name: "admin", token },
  );
  const make = (wanted: Fault) => {
    fault = wanted;
    if (wanted === "stall") for (const each of open) each.dead = true;
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = async () => {
    server.close();
    cut();
    await once(server, "close");
  };
  return { config, make, cut, asked, connections: () => sockets.size, stop };
}

interface Answering {
  dead: boolean;
}

/** Passes text on, and says each line of it twice and the one before once more, if so wanted. */
function repeater(): (text: string, repeats: boolean) => string {
  let begun = "";
  let last = "";
  return (text, repeats) => {
    const lines = `${begun}${text}`.split("\n");
    begun = lines.pop() ?? "";
    return lines
      .map((line) => {
        const said = repeats && last !== "" ? [line, line, last] : [line];
        last = line;
        return said.map((each) => `${each}\n`).join("");
      })
      .join("");
  };
}
