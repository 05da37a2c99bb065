import { KubeConfig, type DispatcherOptions, type RequestContext } from "@kubernetes/client-node";
import { Dispatcher } from "undici";
import type { KubeClient, KubeRequest } from "../../src/kube/client.ts";

/**
 * A kubeconfig whose cluster is a stand-in in memory: the client that connects by it is the real one,
 * down to undici's requests and bodies. HTTP on a socket alone is left out.
 *
 * @param server answers the requests
 */
export function memoryConfig(server: KubeClient): KubeConfig {
  const config = new MemoryConfig(new MemoryDispatcher(server));
  config.loadFromClusterAndUser(
    { name: "memory", server: server.server, skipTLSVerify: false },
    { name: "weir" },
  );
  return config;
}

class MemoryConfig extends KubeConfig {
  readonly #dispatcher: Dispatcher;

  constructor(dispatcher: Dispatcher) {
    super();
    this.#dispatcher = dispatcher;
  }

  /** As for a cluster that is reached in another way than by an agent. */
  override createDispatcherOptions(): DispatcherOptions {
    return { type: "none" };
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    context.setDispatcher(this.#dispatcher);
  }
}

class MemoryDispatcher extends Dispatcher {
  readonly #server: KubeClient;

  constructor(server: KubeClient) {
    super();
    this.#server = server;
  }

  override dispatch(asked: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    const stop = new AbortController();
    const { signal } = stop;
    const controller: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      abort: (reason) => stop.abort(reason),
      // Nobody reads slower than it is written here.
      pause: () => {},
      resume: () => {},
    };
    const begin = (status: number, headers = {}) => {
      signal.throwIfAborted();
      handler.onResponseStart?.(controller, status, headers);
    };
    const tell = (chunk: Uint8Array) => handler.onResponseData?.(controller, Buffer.from(chunk));
    const answer = async () => {
      const { path } = asked;
      if (path.includes("watch=true")) {
        const stream = await this.#server.stream(path, signal);
        if (!stream.opened) throw new Error("a watch is not refused here");
        begin(200);
        for await (const chunk of stream.chunks) tell(chunk);
      } else {
        const { status, body } = await this.#server.request({ ...requestOf(asked), signal });
        begin(status);
        if (body !== undefined) tell(Buffer.from(JSON.stringify(body)));
      }
      handler.onResponseEnd?.(controller, {});
    };
    handler.onRequestStart?.(controller, {});
    answer().catch((error: Error) => handler.onResponseError?.(controller, error));
    return true;
  }
}

const METHODS: readonly KubeRequest["method"][] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

function requestOf({ method, path, body }: Dispatcher.DispatchOptions): KubeRequest {
  return {
    method: METHODS.find((each) => each === method) ?? "GET",
    path,
    ...(typeof body === "string" && { body: JSON.parse(body) }),
  };
}
