import type { KubeConfig } from "@kubernetes/client-node";
import { request as httpRequest, type Dispatcher } from "undici";
import { deadlineOf, type Deadline } from "../runtime/deadline.ts";
import { sleep, type Runtime } from "../runtime/runtime.ts";
import { firstLine } from "../text/wording.ts";
import { loginsOf, type ClusterLogin } from "./login.ts";
import { KubeError, type KubeAnswer } from "./refusal.ts";

/** An API server under load lets a request wait for 15 s before it says 429. */
const TIMEOUT_MS = 30_000;

/** An API server under load asks to come back: how often that is done, and how long is waited. */
const RETRIES_MAX = 5;
const RETRY_AFTER_MS_MAX = 10_000;

/** A request to an API server. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the cluster's address, with its query. */
  readonly path: string;
  /** Sent as JSON; nothing is when it is undefined. */
  readonly body?: unknown;
  /** What kind of JSON the body is: `application/json` when absent. */
  readonly contentType?: string;
  /** Ends the request, and the waiting for its repetition. */
  readonly signal?: AbortSignal;
}

/** A stream that was opened, or why it was not. */
type KubeStream =
  | { readonly opened: true; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly opened: false; readonly answer: KubeAnswer };

/** A connection to one API server. */
export interface KubeClient {
  /** Its address, for messages. */
  readonly server: string;
  /**
   * Asks for something, and gives the answer whatever its status. An API server that says 429 has
   * done nothing yet: it is asked again when it says so, five times. At 401 a plugin or a token's
   * file is asked for another token, once.
   *
   * @throws KubeError when there is no answer: it may have been done or not
   * @throws the signal's reason when that ends it
   */
  readonly request: (request: KubeRequest) => Promise<KubeAnswer>;
  /** Reads a path of the API: `request` with GET. */
  readonly get: (path: string) => Promise<KubeAnswer>;
  /**
   * Opens an answer that has no end, as `request` does. It may be silent for any time. Iterating
   * over it throws KubeError when it breaks, and the signal's reason when that ends it; leaving
   * the loop closes it.
   */
  readonly stream: (path: string, signal: AbortSignal) => Promise<KubeStream>;
  /** Cuts its connections. */
  readonly close: () => Promise<void>;
}

/**
 * Talks to the cluster of a kubeconfig, over connections that it reuses. It logs in anew for each
 * request, since tokens expire. There is no limit of requests: that is the API server's to say.
 *
 * @param timeoutMs how long an answer may take, or the beginning of a stream
 * @throws KubeError when the kubeconfig names no cluster
 */
export function connect(config: KubeConfig, runtime: Runtime, timeoutMs = TIMEOUT_MS): KubeClient {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new KubeError("the kubeconfig names no cluster");
  const { server } = cluster;
  const logins = loginsOf(config, cluster);
  const unreachable = (cause: unknown) =>
    new KubeError(`can't reach ${server}: ${reasonOf(cause, timeoutMs)}`, { cause });

  const currentLogin = async ({ race }: Deadline) => {
    try {
      return await race(logins.current());
    } catch (cause) {
      const reason = reasonOf(cause, timeoutMs);
      throw new KubeError(`can't log in to ${server}: ${reason}`, { cause });
    }
  };

  const once = async (asked: KubeRequest, streams: boolean): Promise<Reply> => {
    const deadline = deadlineOf(runtime, timeoutMs, asked.signal);
    try {
      const login = await currentLogin(deadline);
      const { statusCode, headers, body } = await httpRequest(`${server}${asked.path}`, {
        dispatcher: login.dispatcher,
        method: asked.method,
        headers: { ...login.headers, ...headersFor(asked) },
        body: asked.body === undefined ? null : JSON.stringify(asked.body),
        signal: deadline.signal,
        // The deadline says it all.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const said = { login, status: statusCode, retryAfter: headers["retry-after"] };
      if (streams && statusCode === 200) {
        deadline.lift();
        return { ...said, open: { body, deadline } };
      }
      const text = await body.text();
      deadline.release();
      return { ...said, text };
    } catch (cause) {
      deadline.release();
      asked.signal?.throwIfAborted();
      throw cause instanceof KubeError ? cause : unreachable(cause);
    }
  };

  const repeated = async (asked: KubeRequest, streams: boolean): Promise<Reply> => {
    let renewed = false;
    for (let retries = 0; ;) {
      const reply = await once(asked, streams);
      if (reply.status === 401 && !renewed && logins.renew(reply.login)) {
        renewed = true;
      } else if (reply.status === 429 && retries < RETRIES_MAX) {
        retries += 1;
        await sleep(runtime, retryAfterMs(reply.retryAfter), asked.signal);
      } else {
        return reply;
      }
    }
  };

  const request = async (asked: KubeRequest) => answerOf(await repeated(asked, false));
  const get = (path: string) => request({ method: "GET", path });
  const stream = async (path: string, signal: AbortSignal): Promise<KubeStream> => {
    const reply = await repeated({ method: "GET", path, signal }, true);
    if (reply.open === undefined) return { opened: false, answer: answerOf(reply) };
    const { body, deadline } = reply.open;
    return { opened: true, chunks: chunksOf(body, deadline, signal, unreachable) };
  };
  return { server, request, get, stream, close: logins.close };
}

interface Reply {
  readonly login: ClusterLogin;
  readonly status: number;
  readonly retryAfter: string | string[] | undefined;
  /** The whole body, unless it is open. */
  readonly text?: string;
  readonly open?: { readonly body: Dispatcher.ResponseData["body"]; readonly deadline: Deadline };
}

async function* chunksOf(
  body: Dispatcher.ResponseData["body"],
  { release }: Deadline,
  signal: AbortSignal,
  unreachable: (cause: unknown) => KubeError,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(cause);
  } finally {
    release();
  }
}

function headersFor({ body, contentType = "application/json" }: KubeRequest) {
  return {
    accept: "application/json",
    "user-agent": "weir",
    ...(body !== undefined && { "content-type": contentType }),
  };
}

function retryAfterMs(header: string | string[] | undefined): number {
  const seconds = Number(header);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) : 1000;
}

function answerOf({ status, text = "" }: Reply): KubeAnswer {
  return { status, body: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "it failed";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1000} s`;
  // A name with several addresses, all of which failed: the error has no message of its own. Only
  // the last attempt ran to its end; the others may only say that a quarter of a second has passed.
  if (error instanceof AggregateError) return reasonOf(error.errors.at(-1), timeoutMs);
  return firstLine(error.message);
}
