import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { KubeConfig } from "@kubernetes/client-node";

/** What a stub answers to a path. */
export interface StubAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body: unknown;
}

/** A server that answers as told, where a real API server can't be brought to. */
export interface StubApiServer {
  readonly url: string;
  readonly config: KubeConfig;
  /** The paths that were asked for, in their order. */
  readonly asked: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  /** The most requests that were under way at the same time, and the connections that came. */
  readonly peak: () => number;
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

/** @param answer undefined: never answered */
export async function startStubApiServer(
  answer: (path: string) => StubAnswer | undefined | Promise<StubAnswer>,
): Promise<StubApiServer> {
  const asked: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  let underWay = 0;
  let peak = 0;
  let connections = 0;
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    asked.push(path);
    headers.push(request.headers);
    underWay += 1;
    peak = Math.max(peak, underWay);
    const said = await answer(path);
    underWay -= 1;
    if (said === undefined) return;
    response.writeHead(said.status ?? 200, said.headers);
    response.end(typeof said.body === "string" ? said.body : JSON.stringify(said.body));
  };
  const server = createServer((request, response) => {
    void respond(request, response);
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a port was asked for");
  const url = `http://127.0.0.1:${address.port}`;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return {
    url,
    config: configFor(url),
    asked,
    headers,
    peak: () => peak,
    connections: () => connections,
    stop,
  };
}

/** A kubeconfig for an address; HTTP is only taken without TLS verification. */
export function configFor(url: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: "stub", server: url, skipTLSVerify: true },
    { name: "someone", token: "t0ken" },
  );
  return config;
}
