import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "../../test/parts/ports.ts";
import {
  configFor,
  startStubApiServer,
  type StubAnswer,
  type StubApiServer,
} from "../../test/kube/stubApiServer.ts";
import { virtualRuntime } from "../../test/runtime/virtualRuntime.ts";
import { connect, type KubeClient } from "./client.ts";
import { KubeError } from "./refusal.ts";
import { systemRuntime } from "../runtime/runtime.ts";

let stub: StubApiServer | undefined;

async function start(answer: (path: string) => StubAnswer | undefined): Promise<StubApiServer> {
  stub = await startStubApiServer(answer);
  return stub;
}

afterEach(async () => {
  await stub?.stop();
  stub = undefined;
});

async function reasonFor(config: KubeConfig, timeoutMs?: number): Promise<string> {
  const client = connect(config, systemRuntime, timeoutMs);
  try {
    await client.get("/version");
    return "answered";
  } catch (error) {
    return error instanceof KubeError ? error.message : "no KubeError";
  } finally {
    await client.close();
  }
}

describe("an answer", () => {
  test("is reported with its status and its JSON, whatever the status", async () => {
    const { config } = await start(() => ({ status: 403, body: { kind: "Status" } }));
    const client = connect(config, systemRuntime);

    expect(await client.get("/api")).toEqual({ status: 403, body: { kind: "Status" } });
    await client.close();
  });

  test("is asked for with the user's token, below the path of the cluster", async () => {
    const server = await start(() => ({ body: {} }));
    const client = connect(configFor(`${server.url}/k8s/clusters/c-1`), systemRuntime);
    await client.get("/api/v1/nodes?limit=1");
    await client.close();

    expect(server.asked).toEqual(["/k8s/clusters/c-1/api/v1/nodes?limit=1"]);
    expect(server.headers[0]).toMatchObject({
      authorization: "Bearer t0ken",
      accept: "application/json",
    });
  });

  test("and the next come over connections that are kept", async () => {
    const server = await start(() => ({ body: {} }));
    const client = connect(server.config, systemRuntime);
    for (let index = 0; index < 5; index++) await client.get("/");
    await client.close();

    expect(server.asked).toHaveLength(5);
    // One more may be opened before the first is free again.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  test("that says to come back later is asked for again", async () => {
    let answers = 0;
    const server = await start(() => {
      answers += 1;
      return answers < 3
        ? { status: 429, headers: { "retry-after": "0" }, body: "" }
        : { body: { well: true } };
    });
    const client = connect(server.config, systemRuntime);

    expect(await client.get("/")).toEqual({ status: 200, body: { well: true } });
    expect(server.asked).toHaveLength(3);
    await client.close();
  });

  test("that always says so is reported in the end", async () => {
    const server = await start(() => ({
      status: 429,
      headers: { "retry-after": "0" },
      body: "",
    }));
    const client = connect(server.config, systemRuntime);

    expect(await client.get("/")).toEqual({ status: 429, body: undefined });
    expect(server.asked).toHaveLength(6);
    await client.close();
  });
});

describe("a request", () => {
  const body = { metadata: { name: "a" } };

  test("has its method, its body as JSON, and what kind of JSON that is", async () => {
    const server = await start(() => ({ status: 201, body: {} }));
    const client = connect(server.config, systemRuntime);
    await client.request({ method: "POST", path: "/a", body });
    const contentType = "application/merge-patch+json";
    await client.request({ method: "PATCH", path: "/a", body, contentType });
    await client.request({ method: "DELETE", path: "/a" });
    await client.close();

    const length = `${JSON.stringify(body).length}`;
    expect(server.headers).toMatchObject([
      { "content-type": "application/json", "content-length": length, "user-agent": "weir" },
      { "content-type": contentType, "content-length": length },
      { accept: "application/json" },
    ]);
    expect(server.headers[2]).not.toHaveProperty("content-type");
  });

  test("ends with its signal, also while it waits to come back", async () => {
    const server = await start((path) =>
      path === "/busy" ? { status: 429, headers: { "retry-after": "9" }, body: "" } : undefined,
    );
    const client = connect(server.config, systemRuntime);
    for (const path of ["/busy", "/silent"]) {
      const stop = new AbortController();
      const asked = client.request({ method: "POST", path, body, signal: stop.signal });
      await expect.poll(() => server.asked.at(-1)).toBe(path);
      stop.abort(new Error("enough"));
      await expect(asked).rejects.toThrow(new Error("enough"));
    }
    await client.close();
  });
});

describe("a stream", () => {
  test("is reported as it comes, and its breaking in one line", async () => {
    const endless = await startEndless();
    const client = connect(configFor(endless.url), systemRuntime);
    const { told, error } = await readAll(client, AbortSignal.timeout(60_000), endless.stop);
    await client.close();

    expect(told).toBe("one");
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject({ message: expect.stringMatching(/^can't reach http:\S+: \S.*$/) });
  });

  test("has no time limit but for its beginning, and ends with its signal", async () => {
    const endless = await startEndless();
    const runtime = virtualRuntime();
    const client = connect(configFor(endless.url), runtime);
    const stop = new AbortController();
    const afterLongSilence = () => {
      void runtime.pass(3_600_000).then(() => stop.abort(new Error("enough")));
    };
    expect(await readAll(client, stop.signal, afterLongSilence)).toEqual({
      told: "one",
      error: new Error("enough"),
    });
    // Its connection is not left open.
    await expect.poll(endless.sockets).toBe(0);
    await client.close();
    endless.stop();
  });

  test("that never begins is reported in one line", async () => {
    const server = await start(() => undefined);
    const client = connect(server.config, systemRuntime, 200);
    await expect(client.stream("/", new AbortController().signal)).rejects.toThrow(
      new KubeError(`can't reach ${server.url}: no answer within 0.2 s`),
    );
    await client.close();
  });

  test("that is refused is an answer", async () => {
    const server = await start(() => ({ status: 410, body: { kind: "Status" } }));
    const client = connect(server.config, systemRuntime);
    expect(await client.stream("/", new AbortController().signal)).toEqual({
      opened: false,
      answer: { status: 410, body: { kind: "Status" } },
    });
    await client.close();
  });
});

/** A server that says one word, and then nothing for ever. */
async function startEndless() {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a port was asked for");
  const stop = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${address.port}`, sockets: () => open.size, stop };
}

async function readAll(
  client: KubeClient,
  signal: AbortSignal,
  onChunk: () => void,
): Promise<{ readonly told: string; readonly error: unknown }> {
  const stream = await client.stream("/", signal);
  if (!stream.opened) throw new Error("it was refused");
  let told = "";
  try {
    for await (const chunk of stream.chunks) {
      told += Buffer.from(chunk).toString();
      onChunk();
    }
    return { told, error: undefined };
  } catch (error) {
    return { told, error };
  }
}

describe("no answer is reported in one line", () => {
  test("when nobody listens", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await reasonFor(configFor(url))).toMatch(
      new RegExp(`^can't reach ${url}: connect ECONNREFUSED 127\\.0\\.0\\.1:\\d+$`),
    );
  });

  test("when a name has two addresses and nobody listens on either", async () => {
    const url = `http://localhost:${await freePort()}`;
    expect(await reasonFor(configFor(url))).toMatch(
      new RegExp(`^can't reach ${url}: connect ECONNREFUSED \\S+$`),
    );
  });

  test("when there is no such name", async () => {
    // Longer than a part of a name may be: no name server is asked, which may be slow to answer.
    const name = `${"a".repeat(64)}.invalid`;
    expect(await reasonFor(configFor(`https://${name}:6443`))).toMatch(
      new RegExp(`^can't reach https://${name}:6443: getaddrinfo E\\w+ ${name}$`),
    );
  });

  test("when somebody listens and never answers", async () => {
    const { config, url } = await start(() => undefined);
    expect(await reasonFor(config, 500)).toBe(`can't reach ${url}: no answer within 0.5 s`);
  });

  test("when somebody answers who speaks no HTTP", async () => {
    const server = createServer((socket) => socket.end("hello\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a port was asked for");
    const reason = await reasonFor(configFor(`http://127.0.0.1:${address.port}`));
    server.close();

    expect(reason).toMatch(/^can't reach http:\S+: \S.*$/);
  });

  test("when the address is none", async () => {
    expect(await reasonFor(configFor("6443"))).toBe(
      "can't log in to 6443: You need to define an absolute base url for the server.",
    );
  });

  test("when its certificate authority is a file that is not there", async () => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: "c", server: "https://127.0.0.1:1", skipTLSVerify: false, caFile: "/absent/ca.crt" },
      { name: "u", token: "t0ken" },
    );
    expect(await reasonFor(config)).toMatch(/^can't log in to \S+: ENOENT: .*\/absent\/ca\.crt'$/);
  });

  test("when the program that logs in fails, with its first line", async () => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: "c", server: "https://127.0.0.1:1", skipTLSVerify: false },
      {
        name: "u",
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: "sh",
          args: ["-c", "echo session expired >&2; echo details >&2; exit 1"],
        },
      },
    );
    expect(await reasonFor(config)).toBe("can't log in to https://127.0.0.1:1: session expired");
  });
});

test("a kubeconfig without a cluster is refused", () => {
  expect(() => connect(new KubeConfig(), systemRuntime)).toThrow(
    new KubeError("the kubeconfig names no cluster"),
  );
});
